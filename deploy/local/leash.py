"""Run a command that cannot outlive the process that started it.

    python -I -S leash.py PARENT_PID DEATH_SIGNAL USER COMMAND...

A launcher that is killed outright runs no cleanup, so the kernel is asked to signal the child
when its parent goes. That must happen after the change of user, which clears the request, and
before the command starts: hence this step between the two, rather than code in the forked copy
of a process that may have threads. Only the standard library is imported, to cost little.
USER is a name, or `-` to stay the same user.
"""

import ctypes
import os
import pwd
import sys

_PR_SET_PDEATHSIG = 1
_EXIT_ORPHANED = 125


def main(arguments: list[str]) -> None:
    """Become the command, leashed to the parent."""
    parent_pid, death_signal, user_name, *command = arguments
    if user_name != "-":
        user = pwd.getpwnam(user_name)
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    # The parent may have gone before the request was made; then no signal will come.
    if os.getppid() != int(parent_pid):
        sys.exit(_EXIT_ORPHANED)
    os.execvp(command[0], command)  # noqa: S606 -- the whole purpose of this file


if __name__ == "__main__":
    main(sys.argv[1:])
