"""Bring the databases of all services up to date in one process, to pay for imports once.

TONGZHOU_OWNER_DATABASE_URLS='{"registry": "postgresql://…", …}' python -m deploy.local.migrate
"""

import json
import os
import sys
from typing import TextIO

from deploy.local import variables
from shared.db.migrations import upgrade


def main(output: TextIO = sys.stdout) -> None:
    """Upgrade each named database as its owner, and say which revision it reached."""
    for service, owner_dsn in json.loads(os.environ[variables.OWNER_DSNS]).items():
        print(f"{service}: {upgrade(service, owner_dsn)}", file=output, flush=True)


if __name__ == "__main__":
    main()
