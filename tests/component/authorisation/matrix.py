"""The operations of a service as its OpenAPI document lists them, and how one is asked."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx

from tests.support.service import ServiceUnderTest


@dataclass(frozen=True)
class Operation:
    """One operation: what it is called, and which scope it asks for.

    ``scope`` is None where anybody with a token may ask, and ``public`` says that no token is
    needed at all.
    """

    method: str
    path: str
    scope: str | None
    public: bool

    @property
    def name(self) -> str:
        """The operation as a reader of the contract writes it."""
        return f"{self.method} {self.path}"

    def target(self, values: Mapping[str, str], query: str = "") -> str:
        """Fill in the path; what has no value becomes an identifier of nothing."""
        nothing = "01890a5d-ac96-774b-bcce-b302099a8057"
        path = re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], nothing), self.path)
        return f"{path}?{query}" if query else path


def operations_of(service: ServiceUnderTest) -> Iterator[Operation]:
    """Yield every operation of a service."""
    document = service.app.openapi()
    for path, item in document["paths"].items():
        for method, found in item.items():
            security = found.get("security")
            scopes = [s for asked in security or () for given in asked.values() for s in given]
            yield Operation(
                method=method.upper(),
                path=path,
                scope=scopes[0] if scopes else None,
                public=not security,
            )


async def ask(
    service: ServiceUnderTest,
    operation: Operation,
    target: str,
    headers: Mapping[str, str],
    body: object = None,
) -> httpx.Response:
    """Send one request; a command is sent with a body, be it empty."""
    content = json.dumps({} if body is None else body) if operation.method != "GET" else None
    kind = {"Content-Type": "application/json"} if content is not None else {}
    return await service.client.request(
        operation.method, target, content=content, headers={**headers, **kind}
    )
