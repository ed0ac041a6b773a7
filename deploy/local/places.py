"""Where the local stack keeps its files, and which user may reach them."""

import os
import pwd
import shutil
import stat
from pathlib import Path

from deploy.local.errors import FULL_DISK, StackError

CHECKOUT = Path(__file__).resolve().parents[2]
RUN_DIR = CHECKOUT / ".run"

# Shared by runs, taken by `make clean`: nobody's binaries vanish under a running server.
CACHE_IN_USE = "in-use.lock"

# One run with its journeys writes about 300 MB: clusters, Kafka's log, the services' logs.
SPACE_NEEDED_BYTES = 1 << 30


def is_root() -> bool:
    """Tell whether this process is the superuser, as whom PostgreSQL refuses to run."""
    return os.geteuid() == 0


def unprivileged_user() -> pwd.struct_passwd:
    """Return the operating system user as whom root starts PostgreSQL.

    TONGZHOU_POSTGRES_USER names another than `nobody`. Raises StackError if it does not exist.
    """
    name = os.environ.get("TONGZHOU_POSTGRES_USER", "nobody")
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise StackError(
            f"PostgreSQL cannot run as root and the user {name!r} does not exist",
            mend="name an existing ordinary user in TONGZHOU_POSTGRES_USER",
        ) from None
    if user.pw_uid == 0:
        raise StackError(
            f"PostgreSQL cannot run as {name!r}, who is root",
            mend="name an ordinary user in TONGZHOU_POSTGRES_USER",
        )
    return user


def cache_dir() -> Path:
    """Return, made if missing, the directory that keeps downloads and templates between runs.

    Root's home is usually closed to the user who runs PostgreSQL, so root uses /var/cache.
    Raises StackError where it cannot be written.
    """
    given = os.environ.get("TONGZHOU_CACHE_DIR")
    if given:
        place = Path(given).absolute()
    elif is_root():
        place = Path("/var/cache/tongzhou")
    else:
        place = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tongzhou"
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StackError(
            f"the cache directory {place} cannot be made: {error.strerror}",
            mend="set TONGZHOU_CACHE_DIR to a directory that this user may write",
        ) from error
    if not os.access(place, os.W_OK | os.X_OK):
        raise StackError(
            f"the cache directory {place} cannot be written",
            mend="set TONGZHOU_CACHE_DIR to a directory that this user may write",
        )
    return place


def reachable_by_others(place: Path) -> bool:
    """Tell whether every directory down to `place` lets other users pass through."""
    return all(stat.S_IMODE(step.stat().st_mode) & stat.S_IXOTH for step in (place, *place.parents))


def ensure_space(place: Path, *, needed_bytes: int = SPACE_NEEDED_BYTES) -> None:
    """Raise StackError unless the file system of `place` has room for a run."""
    if shutil.disk_usage(place).free < needed_bytes:
        raise FULL_DISK
