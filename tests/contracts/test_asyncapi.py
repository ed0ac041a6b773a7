"""The AsyncAPI document: valid by the published schema of AsyncAPI 3.0, and true to the code."""

import json
from copy import deepcopy
from typing import Any

import jsonschema_rs
import pytest

from shared.events import export
from shared.events.catalogue import TOPICS
from shared.events.envelope import EVENT_TYPES

OFFICIAL = export.ROOT / "tests/contracts/asyncapi/3.0.0.json"
COMMITTED = export.ROOT / export.ASYNCAPI


@pytest.fixture(scope="module")
def official() -> jsonschema_rs.Validator:
    """A validator that fetches nothing: the schema carries all that it refers to."""
    return jsonschema_rs.validator_for(json.loads(OFFICIAL.read_bytes()))


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The committed document."""
    found: dict[str, Any] = json.loads(COMMITTED.read_bytes())
    return found


def references(value: object) -> list[str]:
    """Return every reference inside a document."""
    match value:
        case {"$ref": str(target)}:
            return [target]
        case dict():
            return [target for inner in value.values() for target in references(inner)]
        case list():
            return [target for inner in value for target in references(inner)]
        case _:
            return []


def at(document: dict[str, Any], pointer: str) -> Any:  # noqa: ANN401 - any JSON
    """Return what a reference points at; raises KeyError where there is nothing."""
    place: Any = document
    for name in pointer.removeprefix("#/").split("/"):
        place = place[name]
    return place


def with_parts(document: dict[str, Any], schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a schema with its references to the document's own schemas put in their places."""
    match schema:
        case {"$ref": str(target)}:
            return with_parts(document, at(document, target))
        case dict():
            return {name: with_parts(document, inner) for name, inner in schema.items()}
        case list():
            return [with_parts(document, inner) for inner in schema]
        case _:
            return schema


class TestDocument:
    def test_is_valid(self, official: jsonschema_rs.Validator, document: dict[str, Any]) -> None:
        assert [str(error) for error in official.iter_errors(document)] == []

    @pytest.mark.parametrize(
        "path",
        [
            "info/version",
            "channels/tongzhou.credit.loan.v1/bindings/kafka/partitions",
            "operations/credit.send.tongzhou.credit.loan.v1/action",
            "components/messages/credit.loan.contracted.v1/correlationId",
        ],
    )
    def test_is_seen_to_be_invalid(
        self, path: str, official: jsonschema_rs.Validator, document: dict[str, Any]
    ) -> None:
        *parents, last = path.split("/")
        wrong = deepcopy(document)
        at(wrong, "/".join(parents))[last] = ["nonsense"]

        assert not official.is_valid(wrong)

    def test_refers_only_to_what_it_has(self, document: dict[str, Any]) -> None:
        for target in set(references(document)):
            at(document, target)


class TestMessages:
    def test_are_all_events_each_on_its_channel(self, document: dict[str, Any]) -> None:
        channels = {
            name: set(channel["messages"]) for name, channel in document["channels"].items()
        }

        assert channels == {topic.name: {e.TYPE for e in topic.events} for topic in TOPICS}
        assert set(document["components"]["messages"]) == set(EVENT_TYPES)

    @pytest.mark.parametrize("name", sorted(EVENT_TYPES))
    def test_have_an_example_that_their_schemas_accept(
        self, name: str, document: dict[str, Any]
    ) -> None:
        message = document["components"]["messages"][name]
        [example] = message["examples"]

        for part in ("payload", "headers"):
            schema = with_parts(document, message[part])
            jsonschema_rs.Draft7Validator(schema, validate_formats=True).validate(example[part])

    def test_do_not_accept_another_types_headers(self, document: dict[str, Any]) -> None:
        loans, claims = (
            document["components"]["messages"][name]
            for name in ("credit.loan.closed.v1", "guarantee.claim.closed.v1")
        )
        schema = with_parts(document, loans["headers"])

        assert not jsonschema_rs.Draft7Validator(schema).is_valid(claims["examples"][0]["headers"])


class TestOperations:
    def test_are_those_of_the_catalogue(self, document: dict[str, Any]) -> None:
        found = {
            (operation["tags"][0]["name"], operation["action"], operation["channel"]["$ref"])
            for operation in document["operations"].values()
        }

        assert found == {
            (service, action, f"#/channels/{topic.name}")
            for topic in TOPICS
            for service, action in [
                (topic.publisher, "send"),
                *((consumer, "receive") for consumer in topic.consumers),
            ]
        }

    def test_receive_by_the_services_own_group(self, document: dict[str, Any]) -> None:
        for operation in document["operations"].values():
            if operation["action"] == "receive":
                service = operation["tags"][0]["name"]
                group = operation["bindings"]["kafka"]["groupId"]
                assert group["enum"] == [f"tongzhou.{service}"]
