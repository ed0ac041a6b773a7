"""`python -m deploy.local run|doctor|images`: what the Makefile calls once .venv is there."""

import argparse
import os
import sys

from deploy.local import doctor, launcher


def main() -> int:
    """Do what the argument says and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local")
    parser.add_argument("task", choices=["run", "doctor", "images"])
    task = parser.parse_args().task
    if task == "run":
        return launcher.run(once=os.environ.get("ONCE", "") not in {"", "0"})
    if task == "doctor":
        return doctor.run()
    from deploy.local import docker  # noqa: PLC0415 -- needs packages that only tests have

    return docker.build_images()


if __name__ == "__main__":
    sys.exit(main())
