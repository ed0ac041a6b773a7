"""What can go wrong with the local stack, said so that a newcomer can mend it."""

import errno


class StackError(Exception):
    """A cause and a remedy, both shown to the person at the terminal.

    `problem` is one sentence on what was found; `mend` is what to do about it.
    """

    def __init__(self, problem: str, *, mend: str) -> None:
        super().__init__(f"{problem}\n  mend: {mend}")
        self.problem = problem
        self.mend = mend


FULL_DISK = StackError(
    "the disk is full (no space left on device)",
    mend="free at least 1 GiB where the checkout and the temporary directory live, then rerun",
)


def explain_os_error(error: OSError) -> StackError:
    """Translate what the operating system refused into a cause and a remedy."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return FULL_DISK
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return StackError(
            f"no permission: {error}",
            mend="make the named path writable for this user, or set TONGZHOU_CACHE_DIR",
        )
    return StackError(f"the operating system refused: {error}", mend="run make doctor")
