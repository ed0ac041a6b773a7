"""`make clean`: remove what the project made in this checkout and in the user's cache.

Standard library only: it removes the very environment that the rest runs in.
"""

import shutil
import sys

from deploy.local import places
from deploy.local.errors import StackError, explain_os_error
from deploy.local.locks import try_lock

_MADE_IN_CHECKOUT = (
    ".venv",
    ".cache",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".import_linter_cache",
    ".coverage",
    ".run",
    "mutants",
)


def clean() -> list[str]:
    """Remove it all and return what was removed. Raises StackError while this checkout runs."""
    removed = []
    if places.RUN_DIR.exists():
        lock = try_lock(places.RUN_DIR / "lock")
        if lock is None:
            raise StackError("this checkout is running", mend="stop it with Ctrl-C first")
        lock.close()
    for name in _MADE_IN_CHECKOUT:
        place = places.CHECKOUT / name
        if place.is_dir():
            shutil.rmtree(place)
            removed.append(name)
        elif place.exists():
            place.unlink()
            removed.append(name)
    for folder in places.CHECKOUT.rglob("__pycache__"):
        shutil.rmtree(folder)
    removed.append(_clean_cache())
    return removed


def _clean_cache() -> str:
    cache = places.cache_dir()
    lock = try_lock(cache / places.CACHE_IN_USE)
    if lock is None:
        return f"not {cache}: another checkout is running from it"
    with lock:
        shutil.rmtree(cache)
    return str(cache)


def main() -> int:
    """Clean, say what was removed, and return the exit code."""
    try:
        for each in clean():
            print(f"removed {each}" if not each.startswith("not ") else each)
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {explain_os_error(error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
