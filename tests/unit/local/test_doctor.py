"""The doctor: each cause with its remedy, and an exit code that scripts can trust."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import doctor, kafka_jars
from deploy.local.doctor import Finding
from deploy.local.errors import FULL_DISK, StackError, explain_os_error


class TestRun:
    def test_fails_and_says_the_remedy_when_something_is_broken(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def findings() -> Iterator[Finding]:
            yield Finding("disk", "0 GiB free", "free at least 1 GiB")
            yield Finding("memory", "8000 MiB available")

        assert doctor.run(findings) == 1

        said = capsys.readouterr().out
        assert "BROKEN  disk          0 GiB free" in said
        assert "mend: free at least 1 GiB" in said
        assert "ok      memory" in said
        assert said.endswith("1 to mend\n")

    def test_passes_when_nothing_is_broken(self) -> None:
        assert doctor.run(lambda: iter([Finding("python", "3.11.7")])) == 0

    def test_survives_a_check_that_cannot_be_made(self) -> None:
        def check_ports() -> Finding:
            raise StackError("port 8101 is taken", mend="stop its holder")

        def check_disk() -> Finding:
            raise OSError(errno.EIO, "input/output error")

        found = list(doctor.examine((check_ports, check_disk)))

        assert found[0] == Finding("ports", "port 8101 is taken", "stop its holder")
        assert found[1].subject == "disk"
        assert found[1].is_broken


def test_finds_a_jar_that_was_altered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGZHOU_CACHE_DIR", str(tmp_path))
    kafka_jars.jars_dir().mkdir()
    (kafka_jars.jars_dir() / "kafka-clients-4.3.1.jar").write_bytes(b"altered")

    finding = doctor.check_jars()

    assert finding.is_broken
    assert "kafka-clients-4.3.1.jar" in finding.found


class TestExplainOsError:
    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
    def test_calls_a_full_disk_by_its_name(self, number: int) -> None:
        assert explain_os_error(OSError(number, "no")) is FULL_DISK

    def test_names_the_path_that_may_not_be_written(self) -> None:
        error = PermissionError(errno.EACCES, "Permission denied", "/srv/x")

        assert "/srv/x" in explain_os_error(error).problem
