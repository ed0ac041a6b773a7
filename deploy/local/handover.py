"""`.run/stack.json`: the addresses and tokens of a running stack, for scripts and journeys."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from deploy.local.issuer import Issuer
from deploy.local.ports import LOOPBACK
from deploy.local.services import Surroundings


class ClientEntry(TypedDict):
    """One development client with a token that is valid for this run."""

    org: str
    scopes: list[str]
    token: str
    secret: str


class StackFile(TypedDict):
    """The content of stack.json; its keys are a published contract."""

    stack: str
    services: dict[str, str]
    kafka: dict[str, str]
    databases: dict[str, str]
    issuer: str
    clients: dict[str, ClientEntry]


def describe(around: Surroundings) -> StackFile:
    """Describe the running stack, with a fresh token for every development client."""
    return StackFile(
        stack=str(around.stack.name),
        services={service: f"http://{LOOPBACK}:{port}" for service, port in around.ports.items()},
        kafka={"bootstrap_servers": around.stack.bootstrap_servers},
        databases={service: dsns.app for service, dsns in around.databases.items()},
        issuer=around.issuer.url,
        clients=_clients(around.issuer),
    )


def _clients(issuer: Issuer) -> dict[str, ClientEntry]:
    return {
        client_id: ClientEntry(
            org=client.org,
            scopes=list(client.scopes),
            token=issuer.token(client_id),
            secret=issuer.secrets_by_client[client_id],
        )
        for client_id, client in issuer.clients.items()
    }


def write_atomically(path: Path, content: Mapping[str, object]) -> None:
    """Write the file so that a reader sees all of it or none, and only this user reads it."""
    partial = path.with_suffix(".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
