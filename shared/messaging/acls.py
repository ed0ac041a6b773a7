"""Bring the rights of named principals on the brokers to exactly what is wanted.

The client library has the protocol's requests and no calls for them; they are sent in version 1,
whose form it writes as the protocol says (it writes version 2 without its compact lengths).
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

# aiokafka ships no type information.
from aiokafka.errors import for_code  # type: ignore[import-untyped]
from aiokafka.protocol.admin import (  # type: ignore[import-untyped]
    CreateAclsRequest_v1,
    DeleteAclsRequest_v1,
    DescribeAclsRequest_v1,
)

from shared.events.broker import Binding
from shared.messaging.kafka import KafkaSettings, admin

IN_FORCE_WITHIN_S = 60
_LOOK_EVERY_S = 0.1
_ANY, _LITERAL, _ALLOW = 1, 3, 3
_EVERYWHERE = "*"
_RESOURCES = {"topic": 2, "group": 3}
_OPERATIONS = {"Read": 3, "Write": 4, "Describe": 8}
Rule = tuple[int, str, int, str, str, int, int]
"""Resource type and name, pattern type, principal, host, operation, permission: as on the wire."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What was missing and added, and what was there beside and removed."""

    added: Sequence[Rule]
    removed: Sequence[Rule]


class _Exactly:
    """A request in one version, whatever the brokers offer beside."""

    def __init__(self, struct: Any) -> None:  # noqa: ANN401 - aiokafka has no types
        self._struct = struct
        self.API_KEY = struct.API_KEY

    def prepare(self, versions: object) -> Any:  # noqa: ANN401 - aiokafka has no types
        return self._struct


def rule_of(binding: Binding) -> Rule:
    """Return a right as the protocol writes it."""
    return (
        _RESOURCES[binding.resource],
        binding.name,
        _LITERAL,
        binding.principal,
        _EVERYWHERE,
        _OPERATIONS[binding.operation],
        _ALLOW,
    )


async def reconcile(settings: KafkaSettings, wanted: Iterable[Binding]) -> Changed:
    """Add what is missing, remove what the same principals have beside it, wait for both.

    The controller answers before the brokers know: one that is making new topics learns later.
    """
    rules = {rule_of(binding) for binding in wanted}
    client = admin(settings)
    await client.start()
    try:
        present = await _present(client, rules)
        changed = Changed(added=sorted(rules - present), removed=sorted(present - rules))
        if changed.added:
            answer = await _ask(client, CreateAclsRequest_v1(list(changed.added)))
            _raise_first(answer.creation_responses)
        if changed.removed:
            answer = await _ask(client, DeleteAclsRequest_v1(list(changed.removed)))
            _raise_first(answer.filter_responses)
        async with asyncio.timeout(IN_FORCE_WITHIN_S):
            # Nothing tells when a broker has learnt it.
            while await _present(client, rules) != rules:  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_EVERY_S)
    finally:
        await client.close()
    return changed


async def _present(client: Any, rules: set[Rule]) -> set[Rule]:  # noqa: ANN401 - aiokafka has no types
    """Return what a broker's authorizer knows of the principals that the rules name."""
    known: set[Rule] = set()
    for principal in sorted({rule[3] for rule in rules}):
        request = DescribeAclsRequest_v1(_ANY, None, _ANY, principal, None, _ANY, _ANY)
        answer = await _ask(client, request)
        _raise_first([(answer.error_code, answer.error_message)])
        known |= {
            (kind, name, pattern, who, host, operation, permission)
            for kind, name, pattern, of_one in answer.resources
            for who, host, operation, permission in of_one
        }
    return known


async def _ask(client: Any, request: Any) -> Any:  # noqa: ANN401 - aiokafka has no types
    return await client._send_to_controller(_Exactly(request))


def _raise_first(answers: Iterable[Sequence[Any]]) -> None:
    for code, message, *_ in answers:
        if code:
            raise for_code(code)(message)
