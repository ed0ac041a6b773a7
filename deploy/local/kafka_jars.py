"""Apache Kafka's jars: fetched by coordinate, checked against the committed digests, cached.

Every jar is asked for on its own, by exact version. Resolving the broker together with a
logging backend lets one artifact's dependency management downgrade another's, and the broker
then dies with NoSuchMethodError; a fixed list cannot drift.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from deploy.local import places
from deploy.local.errors import StackError
from deploy.local.locks import locked

KAFKA_VERSION = "4.3.1"
_LIST = Path(__file__).with_name(f"kafka-{KAFKA_VERSION}.sha256")
_PARALLEL_DOWNLOADS = 8
_HTTP_TIMEOUT_S = 60
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Jar:
    """One artifact of the class path and the SHA-256 that its file must have."""

    group: str
    artifact: str
    version: str
    sha256: str
    packaging: str = "jar"

    @property
    def filename(self) -> str:
        """The file's name, in the cache and in images."""
        return f"{self.artifact}-{self.version}.{self.packaging}"


def listed_jars(listing: Path = _LIST) -> tuple[Jar, ...]:
    """Read the committed list; each line is `sha256  group:artifact:version`."""
    jars = []
    for line in listing.read_text(encoding="utf-8").splitlines():
        digest, coordinate = line.split()
        group, artifact, version = coordinate.split(":")
        jars.append(Jar(group=group, artifact=artifact, version=version, sha256=digest))
    return tuple(jars)


def jars_dir() -> Path:
    """Return the directory of the verified jars in the cache."""
    return places.cache_dir() / f"kafka-{KAFKA_VERSION}"


def matches(path: Path, jar: Jar) -> bool:
    """Tell whether the file exists and is the listed one."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256


def class_path(directory: Path | None = None) -> str:
    """Return the explicit class path, in the list's order, as an AOT cache needs it."""
    base = directory or jars_dir()
    return os.pathsep.join(str(base / jar.filename) for jar in listed_jars())


def ensure_jars(
    progress: Callable[[int, int], None] = lambda done, total: None,
    jars: Sequence[Jar] | None = None,
) -> Path:
    """Return the directory that holds every listed jar, fetching those that are missing.

    `progress(done, total)` is called after each. Raises StackError when a jar cannot be had or
    is not the listed one; a file with another digest is never left in the cache.
    """
    wanted = listed_jars() if jars is None else jars
    directory = jars_dir()
    directory.mkdir(exist_ok=True)
    with locked(places.cache_dir() / "kafka.lock"):
        missing = [jar for jar in wanted if not matches(directory / jar.filename, jar)]
        done = len(wanted) - len(missing)
        progress(done, len(wanted))
        with ThreadPoolExecutor(_PARALLEL_DOWNLOADS) as pool:
            fetches = [pool.submit(_fetch, jar, directory) for jar in missing]
            try:
                for fetch in as_completed(fetches):
                    fetch.result()
                    done += 1
                    progress(done, len(wanted))
            except StackError:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return directory


def _fetch(jar: Jar, directory: Path) -> None:
    # Moved only after the check, and within one file system: the cache holds whole files only.
    checked(jar).rename(directory / jar.filename)


def checked(jar: Jar) -> Path:
    """Fetch an artifact into the cache of downloads. Raises StackError if it is another file."""
    source = _download(jar)
    if not matches(source, jar):
        source.unlink(missing_ok=True)
        raise StackError(
            f"{jar.filename} is not the file whose SHA-256 is committed",
            mend="rerun; if it differs again, the repository or a proxy between serves another "
            "file: do not use it",
        )
    return source


def _download(jar: Jar) -> Path:
    # Needed once per machine, and would cost start-up time at every run.
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415

    reason = ""
    for _ in range(_ATTEMPTS):
        context = MavenContext(
            resolver=PythonResolver(),
            repo_cache=places.cache_dir() / "maven",
            timeout=_HTTP_TIMEOUT_S,
        )
        component = context.project(jar.group, jar.artifact).at_version(jar.version)
        try:
            return Path(component.artifact(packaging=jar.packaging).resolve())
        except (OSError, RuntimeError, ValueError) as error:
            reason = str(error)
    raise StackError(
        f"{jar.group}:{jar.artifact}:{jar.version} could not be fetched: {reason}",
        mend="check the network and the proxy settings of this shell, then rerun; "
        "what was fetched is kept",
    )
