"""The Makefile: the published targets, each described, and a clear word without a Python."""

import subprocess

from deploy.local.places import CHECKOUT

TARGETS = {"help", "run", "test", "check", "doctor", "clean", "test-containers"}


def _make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 -- our own Makefile
        ["make", "--no-print-directory", *arguments],  # noqa: S607 -- the caller's make
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_describes_every_target() -> None:
    lines = _make("help").stdout.splitlines()

    described = {line.split()[1]: line.split()[2:] for line in lines}
    assert described.keys() >= TARGETS
    assert all(described.values())


def test_help_is_the_default() -> None:
    assert _make().stdout == _make("help").stdout


def test_a_missing_interpreter_is_named() -> None:
    result = _make("run", "PYTHON=no such python")

    assert result.returncode != 0
    assert "no 'no such python' found; install Python 3.11 or newer" in result.stderr
