"""faststream-outbox in an environment of its own, run beside ours."""

import asyncio
import hashlib
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.ground import Ground, until
from deploy.local import places
from deploy.local.errors import StackError
from deploy.local.locks import locked
from deploy.local.processes import Child
from shared.db.provision import ServiceDsns

REQUIREMENTS = Path(__file__).with_name("faststream.txt")
PROGRAM = Path(__file__).with_name("faststream_relay.py")
READY_TIMEOUT_S = 60.0


def ensure() -> Path:
    """Return its interpreter, with exactly the packages that are committed by digest."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    place = places.cache_dir() / f"faststream-outbox-{digest}"
    python = place / "bin" / "python"
    with locked(places.cache_dir() / "faststream-outbox.lock"):
        if (place / "whole").exists():
            return python
        shutil.rmtree(place, ignore_errors=True)
        _run(sys.executable, "-m", "venv", str(place))
        _run(str(python), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(REQUIREMENTS))
        (place / "whole").touch()
    return python


def _run(*argv: str) -> None:
    ended = subprocess.run(argv, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise StackError(
            f"{argv[0]} ended with {ended.returncode}: {ended.stderr[-1000:]}",
            mend="see that the package index can be reached, then rerun",
        )


@asynccontextmanager
async def running(ground: Ground, dsns: ServiceDsns, topic: str) -> AsyncIterator[Child]:
    """Run its relay on a database, where it makes its table; it relays when this yields."""
    python = await asyncio.to_thread(ensure)
    log = ground.directory / "logs" / "faststream.log"
    child = Child(
        name="faststream",
        argv=[str(python), "-P", str(PROGRAM), dsns.owner, ground.kafka.bootstrap_servers, topic],
        log=log,
        env={"PATH": "", "LANG": "C.UTF-8", "TZ": "UTC"},
        cwd=ground.directory,
    )
    child.start()
    try:

        async def ready() -> bool:
            if not child.running:
                raise child.death()
            said = await asyncio.to_thread(log.read_text, encoding="utf-8")
            return "ready\n" in said

        await until(ready, what="faststream-outbox relays", deadline_s=READY_TIMEOUT_S)
        yield child
    finally:
        child.kill()
