"""A load of commands: ``python -m bench.http_load PORTS TOKEN CLIENTS COUNT FIRST``.

PORTS is a list with commas: the clients take them in turn. Each client keeps one connection and
sends its next command when the last one is answered. It reads no more of an answer than its status
and length, so that little of the machine is the load's own.
"""

import asyncio
import itertools
import json
import sys
import time

import uvloop

from bench.commanding import PATH, body_of


def request(token: str, number: int) -> bytes:
    """Return the bytes of one command."""
    body = body_of(number)
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
        f"Idempotency-Key: k{number}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def client(port: int, requests: list[bytes], took: list[float]) -> None:
    """Send commands one after the other on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for sent in requests:
        began = time.perf_counter()
        writer.write(sent)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        took.append(time.perf_counter() - began)
        if b" 201 " not in head[:16]:
            raise RuntimeError(head.decode())
    writer.close()


async def main(ports: list[int], token: str, clients: int, count: int, first: int) -> None:
    """Send all and print what it took."""
    prepared = [
        [request(token, first + number) for number in range(place, count, clients)]
        for place in range(clients)
    ]
    took: list[float] = []
    began, spent = time.perf_counter(), time.process_time()
    to = itertools.cycle(ports)
    await asyncio.gather(*(client(next(to), requests, took) for requests in prepared))
    seconds = time.perf_counter() - began
    took.sort()
    figures = {
        "seconds": seconds,
        "cpu": time.process_time() - spent,
        "p50": took[len(took) // 2],
        "p99": took[len(took) * 99 // 100],
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    _, to_ports, with_token, many, number, start = sys.argv
    to = [int(port) for port in to_ports.split(",")]
    uvloop.run(main(to, with_token, int(many), int(number), int(start)))
