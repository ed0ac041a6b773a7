"""What clients asked and what they know of it: the model that the checks compare the system with.

An operation is invoked and then ok, refused, or unknown: an answer that was lost says nothing about
whether the command was carried out. An unknown one is repeated with the same Idempotency-Key until
it is known; whatever it turns out to be, it must have happened once or not at all.
"""

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from itertools import count
from typing import IO, Any

import httpx

from tests.chaos.world import World

REQUEST_TIMEOUT_S = 15.0
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 3.0

Json = dict[str, Any]


class Outcome(StrEnum):
    """What a client knows of an operation."""

    UNKNOWN = "unknown"
    OK = "ok"
    REFUSED = "refused"


@dataclass(slots=True)
class Operation:
    """One command, with the key under which it is repeated."""

    number: int
    client: str
    service: str
    path: str
    by: str
    body: Json
    if_match: int | None
    outcome: Outcome = Outcome.UNKNOWN
    status: int = 0
    answer: bytes = b""
    attempts: int = 0
    was_unknown: bool = False

    @property
    def key(self) -> str:
        """The Idempotency-Key: numbers are never used twice in a run."""
        return f"chaos-{self.number}"

    @property
    def told(self) -> Json:
        """What the answer says."""
        found: Json = json.loads(self.answer)
        return found


@dataclass(frozen=True, slots=True)
class Sample:
    """One request: when it began, how long it took, and its status; 0 without an answer."""

    began: float
    seconds: float
    status: int
    retry_after: bool


class History:
    """Carries out operations and keeps what became of each."""

    def __init__(self, world: World, log: IO[str]) -> None:
        """``log`` takes a line per step, for whoever looks into a violation."""
        self.operations: list[Operation] = []
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        """Answers that no fault excuses."""
        self.samples: list[Sample] = []
        self._world = world
        self._log = log
        self._numbers = count(1)
        self._tokens = {client: world.issuer.token(client) for client in world.issuer.clients}

    def invoke(
        self,
        client: str,
        address: str,
        *,
        by: str,
        body: Json,
        if_match: int | None = None,
        number: int | None = None,
    ) -> Operation:
        """Note a new operation; ``address`` is ``service:/path``."""
        service, _, path = address.partition(":")
        operation = Operation(
            number=self.next_number() if number is None else number,
            client=client,
            service=service,
            path=path,
            by=by,
            body=body,
            if_match=if_match,
        )
        self.operations.append(operation)
        self.counts["invoked"] += 1
        return operation

    def next_number(self) -> int:
        """Return a number for an operation whose body is to carry it."""
        return next(self._numbers)

    def headers(self, operation: Operation) -> dict[str, str]:
        """Return the headers under which an operation is sent, each time the same."""
        headers = {
            "Authorization": f"Bearer {self._tokens[operation.by]}",
            "Idempotency-Key": operation.key,
        }
        if operation.if_match is not None:
            headers["If-Match"] = f'"{operation.if_match}"'
        return headers

    async def attempt(self, operation: Operation) -> Outcome:
        """Send an operation once and note what is known of it afterwards."""
        operation.attempts += 1
        began = time.monotonic()
        try:
            answer = await self._world.http.post(
                self._world.url(operation.service) + operation.path,
                json=operation.body,
                headers=self.headers(operation),
                timeout=REQUEST_TIMEOUT_S,
            )
        except httpx.HTTPError as error:
            self.samples.append(Sample(began, time.monotonic() - began, 0, retry_after=False))
            self._note(operation, Outcome.UNKNOWN, type(error).__name__)
            return operation.outcome
        self.samples.append(
            Sample(
                began,
                time.monotonic() - began,
                answer.status_code,
                retry_after="Retry-After" in answer.headers,
            )
        )
        operation.status = answer.status_code
        if answer.is_success:
            operation.answer = answer.content
            self._note(operation, Outcome.OK, str(answer.status_code))
        elif self._may_pass(operation, answer):
            self._note(operation, Outcome.UNKNOWN, str(answer.status_code))
        else:
            operation.answer = answer.content
            self._note(operation, Outcome.REFUSED, str(answer.status_code))
        return operation.outcome

    def _may_pass(self, operation: Operation, answer: httpx.Response) -> bool:
        """Tell whether an answer leaves open what happens when the key is sent again."""
        status = answer.status_code
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            if "Retry-After" not in answer.headers:
                self._blame(operation, answer, "503 without Retry-After")
            return True
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._blame(operation, answer, f"{status}: a defect")
            return True
        if status == HTTPStatus.UNAUTHORIZED:  # the service's clock is wrong, or it has no keys yet
            return True
        return b"idempotency-key-in-flight" in answer.content

    def _blame(self, operation: Operation, answer: httpx.Response, what: str) -> None:
        place = f"{operation.service}:{operation.path} (operation {operation.number})"
        self.faults.append(f"{place} answered {what}: {answer.text[:300]}")

    def _note(self, operation: Operation, outcome: Outcome, why: str) -> None:
        operation.outcome = outcome
        if outcome is Outcome.UNKNOWN:
            self.counts["unknown answers"] += 1
            if not operation.was_unknown:
                operation.was_unknown = True
                self.counts["unknown"] += 1
        else:
            self.counts[outcome.value] += 1
        line = [time.monotonic(), operation.number, operation.client, operation.service]
        self._log.write(json.dumps([*line, operation.path, outcome, why]) + "\n")

    async def carry_out(self, operation: Operation) -> Operation:
        """Repeat an operation until it is known what became of it, or the caller is cancelled."""
        pause_s = FIRST_PAUSE_S
        while await self.attempt(operation) is Outcome.UNKNOWN:
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
        return operation

    async def look(self, address: str, *, by: str) -> Json | None:
        """Read a resource; None if it is not there or the service cannot say now."""
        service, _, path = address.partition(":")
        try:
            answer = await self._world.http.get(
                self._world.url(service) + path,
                headers={"Authorization": f"Bearer {self._tokens[by]}"},
                timeout=REQUEST_TIMEOUT_S,
            )
        except httpx.HTTPError:
            return None
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR and (
            answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE
        ):
            self.faults.append(f"GET {address} answered {answer.status_code}: {answer.text[:300]}")
        if not answer.is_success:
            return None
        found: Json = answer.json()
        return found

    async def repeat(self, operation: Operation, *, body: Json | None = None) -> httpx.Response:
        """Send an operation again, perhaps with another body, and return the bare answer."""
        return await self._world.http.post(
            self._world.url(operation.service) + operation.path,
            json=operation.body if body is None else body,
            headers=self.headers(operation),
            timeout=REQUEST_TIMEOUT_S,
        )
