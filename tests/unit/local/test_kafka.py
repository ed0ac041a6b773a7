"""Kafka's jars and settings: verified files, and paths that a Java properties file can hold."""

import hashlib
from pathlib import Path

import pytest

from deploy.local import kafka, kafka_jars
from deploy.local.errors import StackError
from deploy.local.kafka_jars import Jar, ensure_jars, listed_jars, matches


class TestJars:
    def test_are_listed_with_digest_and_exact_version(self) -> None:
        jars = listed_jars()

        assert len({jar.filename for jar in jars}) == len(jars)
        assert all(len(bytes.fromhex(jar.sha256)) == 32 for jar in jars)
        names = {jar.filename for jar in jars}
        assert {"kafka_2.13-4.3.1.jar", "kafka-clients-4.3.1.jar"} <= names

    def test_with_another_content_do_not_match(self, tmp_path: Path) -> None:
        file = tmp_path / "a-1.jar"
        file.write_bytes(b"right")
        jar = Jar("g", "a", "1", hashlib.sha256(b"right").hexdigest())

        assert matches(file, jar)
        file.write_bytes(b"wrong")
        assert not matches(file, jar)
        file.unlink()
        assert not matches(file, jar)

    def test_that_differ_are_refused_and_not_kept(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TONGZHOU_CACHE_DIR", str(tmp_path))
        jar = Jar("org.example", "a", "1", hashlib.sha256(b"right").hexdigest())
        # What an earlier fetch left in the resolver's own store, altered since.
        stored = tmp_path / "maven" / "org" / "example" / "a" / "1" / "a-1.jar"
        stored.parent.mkdir(parents=True)
        stored.write_bytes(b"wrong")

        with pytest.raises(StackError, match="not the file whose SHA-256 is committed"):
            ensure_jars(jars=[jar])

        assert not stored.exists()
        assert not (kafka_jars.jars_dir() / jar.filename).exists()

    def test_that_are_there_are_not_fetched(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TONGZHOU_CACHE_DIR", str(tmp_path))
        jar = Jar("no.such.group", "a", "1", hashlib.sha256(b"right").hexdigest())
        kafka_jars.jars_dir().mkdir()
        (kafka_jars.jars_dir() / jar.filename).write_bytes(b"right")
        progress: list[tuple[int, int]] = []

        ensure_jars(lambda done, total: progress.append((done, total)), [jar])

        assert progress == [(1, 1)]


class TestProperties:
    def test_escape_a_chinese_path_as_java_reads_it(self) -> None:
        text = kafka.server_properties(
            data="/tmp/同舟 𠀀/data",  # noqa: S108 -- a text, not a file
            listener="h:1",
            controller="h:2",
            advertised="h:1",
        )

        assert text.isascii()
        assert "log.dirs=/tmp/\\u540c\\u821f \\ud840\\udc00/data\n" in text
        assert "listeners=CLIENT://h:1,CONTROLLER://h:2\n" in text
