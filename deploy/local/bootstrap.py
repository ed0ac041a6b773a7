"""Make the virtual environment, or say exactly why it cannot be made.

    python3 deploy/local/bootstrap.py check | local | dev

`check` only looks at this Python's version. `local` and `dev` install requirements/<name>.txt,
hash-checked, into .venv; a stamp with the file's digest makes the next run instant.

This file runs on whatever `python3` the machine has, before anything is installed: it uses the
standard library only and no syntax that Python 3.6 lacks, so that an old one can be named.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

NEEDED = (3, 11)
CHECKOUT = Path(__file__).resolve().parents[2]
VENV = CHECKOUT / ".venv"
_SPACE_NEEDED_BYTES = 2 << 30
_TAIL_LINES = 8


class Refusal(Exception):
    """A cause and what to do about it, both for the person at the terminal."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(f"{problem}\n  mend: {mend}")


def ensure_python(found: "tuple[int, ...]", executable: str) -> None:
    """Refuse a Python that is too old, naming it and, where there is one, a newer beside it."""
    if found[:2] >= NEEDED:
        return
    needed = ".".join(str(part) for part in NEEDED)
    newer = [
        name
        for name in ("python3.14", "python3.13", "python3.12", "python3.11")
        if works(shutil.which(name))
    ]
    mend = f"install Python {needed} or newer, then rerun with PYTHON=<its name>"
    if newer:
        mend = "this machine also has {0}: rerun with PYTHON={0}".format(newer[0])
    raise Refusal(
        "Python {} or newer is needed; {} is {}".format(
            needed, executable, ".".join(str(part) for part in found[:3])
        ),
        mend,
    )


def works(program: "str | None") -> bool:
    """Tell whether the program exists and is a Python that is new enough."""
    if program is None or not Path(program).exists():
        return False
    question = "import sys; sys.exit(sys.version_info[:2] < ({}, {}))".format(*NEEDED)
    try:
        code = subprocess.call(
            [program, "-I", "-c", question], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError:
        return False
    return code == 0


def digest(requirements: Path) -> str:
    """Return the digest that a stamp keeps, so that a changed file is installed again."""
    return hashlib.sha256(requirements.read_bytes()).hexdigest()


def pins(requirements: Path) -> "set[str]":
    """Return the `name==version` pins of a requirements file."""
    pin = re.compile(r"^[A-Za-z0-9._-]+==[^\s\\;]+", re.MULTILINE)
    return set(pin.findall(requirements.read_text("utf-8")))


def stamp_of(name: str) -> Path:
    """Return the file that says which version of the requirements is installed."""
    return VENV / f"installed-{name}"


def is_installed(name: str) -> bool:
    """Tell whether .venv works and holds the requirements as they are now."""
    stamp = stamp_of(name)
    return (
        stamp.is_file()
        and stamp.read_text("utf-8") == digest(CHECKOUT / "requirements" / (name + ".txt"))
        and (VENV / "bin" / "python").exists()
    )


def ensure_space() -> None:
    """Refuse to begin what the disk cannot hold."""
    if shutil.disk_usage(str(CHECKOUT)).free < _SPACE_NEEDED_BYTES:
        raise Refusal("less than 2 GiB of disk are free", "free some space, then rerun")


def make_venv() -> None:
    """Make .venv with this Python, anew if the one that is there does not work."""
    if works(str(VENV / "bin" / "python")):
        return
    if VENV.exists():
        shutil.rmtree(str(VENV))
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if made.returncode != 0:
        shutil.rmtree(str(VENV), ignore_errors=True)
        raise Refusal(
            "python -m venv failed:\n" + made.stdout.decode(errors="replace").strip(),
            "on Debian or Ubuntu: apt-get install python{}.{}-venv".format(*sys.version_info[:2]),
        )


def explain(output: str) -> Refusal:
    """Turn what pip said into a cause that names the package, and a remedy."""
    tail = "\n".join(output.strip().splitlines()[-_TAIL_LINES:])
    if "No space left on device" in output:
        return Refusal("the disk is full", "free at least 2 GiB, then rerun")
    missing = re.search(
        r"No matching distribution found for (\S+)"
        r"|Could not find a version that satisfies the requirement (\S+)",
        output,
    )
    wrong = re.search(r"DO NOT MATCH THE HASHES[\s\S]*?\n\s+(\S+==\S+)", output)
    if wrong:
        return Refusal(
            f"{wrong.group(1)} is not the file that the requirements list: its hash differs",
            "rerun; if it differs again, the package index or a proxy serves another file",
        )
    if missing:
        return Refusal(
            "no wheel of {} can be had for {} on Python {}.{}".format(
                missing.group(1) or missing.group(2), sys.platform, *sys.version_info[:2]
            ),
            "check that the package index is reachable (pip config list) and that the system is "
            "64-bit Linux (glibc) or macOS; another Python: PYTHON=python3.11",
        )
    return Refusal("pip could not install the packages:\n" + tail, "see .venv/pip.log, then rerun")


def install(name: str) -> None:
    """Install requirements/<name>.txt into .venv, showing how far it is."""
    requirements = CHECKOUT / "requirements" / (name + ".txt")
    total = len(pins(requirements))
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--require-hashes"]
    options = ["--only-binary", ":all:", "--no-input", "--disable-pip-version-check"]
    said = []
    seen = 0
    pip = subprocess.Popen(
        [*command, *options, "-r", str(requirements)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    with (VENV / "pip.log").open("w", encoding="utf-8") as log:
        for line in pip.stdout or ():
            log.write(line)
            said.append(line)
            if line.startswith("Collecting "):
                seen += 1
                show(f"packages: {seen}/{total} {line.split()[1]}", seen == total)
            elif line.startswith("Installing collected"):
                show(f"packages: installing {total}", last=True)
    if pip.wait() != 0:
        raise explain("".join(said))
    stamp_of(name).write_text(digest(requirements), "utf-8")
    # The larger set holds the smaller: `make run` after `make test` has nothing to install.
    local = CHECKOUT / "requirements" / "local.txt"
    if name != "local" and pins(local) <= pins(requirements):
        stamp_of("local").write_text(digest(local), "utf-8")


def show(text: str, last: bool) -> None:  # noqa: FBT001 -- Python 3.6, and one caller
    """Show progress: one line that changes on a terminal, else a line now and then."""
    if sys.stdout.isatty():
        sys.stdout.write("\r\033[K" + text + ("\n" if last else ""))
        sys.stdout.flush()
    elif last:
        print(text, flush=True)


def main(arguments: "list[str]") -> int:
    """Do what the argument asks; return the exit code."""
    task = arguments[0] if arguments else "check"
    try:
        ensure_python(tuple(sys.version_info[:3]), sys.executable)
        if task == "check" or is_installed(task):
            return 0
        ensure_space()
        print(f"setting up .venv from requirements/{task}.txt", flush=True)
        make_venv()
        install(task)
    except Refusal as refusal:
        print(f"error: {refusal}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        print(f"error: {error}\n  mend: make the named path writable", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
