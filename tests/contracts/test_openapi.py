"""The published REST contracts: every operation is named, bounded and shown by an example."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from shared.db.database import Database
from shared.web.app import create_app
from tests.support.clocks import ManualClock
from tests.support.tokens import TestIssuer

SERVICES = ("registry", "credit", "guarantee", "insurance", "notify")
Json = dict[str, Any]


def openapi_of(service: str) -> Json:
    """Return a service's OpenAPI document; no database is needed for it."""
    clock = ManualClock()
    declared = importlib.import_module(f"services.{service}.app").SERVICE
    app = create_app(
        service=service,
        routers=declared.routers,
        database=Database("postgresql://nobody@127.0.0.1:1/none", read_clock=clock),
        verifier=TestIssuer(clock).verifier(),
        max_body_bytes=1024,
        state=declared.state,
    )
    document: Json = app.openapi()
    return document


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    """Yield every operation with its method and path."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def contents(document: Json) -> Iterator[tuple[str, Json]]:
    """Yield what each response of each operation holds, with the place where it is said."""
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            for media_type, content in response.get("content", {}).items():
                yield f"{name} {status} {media_type}", content


def references(part: object) -> Iterator[str]:
    """Yield every reference that a part of a document makes."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def resolves(reference: str, document: Json) -> bool:
    """Tell whether a reference points at something in its own document."""
    root, *path = reference.split("/")
    found: object = document
    for name in path:
        key = name.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, dict) or key not in found:
            return False
        found = found[key]
    return root == "#"


class NoExample(Exception):
    """A schema says nothing by which an example could be made."""


def example_of(schema: Json, document: Json, where: str) -> object:
    """Make the example that a schema and its fields give; raises NoExample naming the place."""
    given = [schema[key] for key in ("example", "default", "const") if key in schema]
    given += [*schema.get("examples", []), *schema.get("enum", [])]
    if given or schema.get("type") == "boolean":
        return next(iter(given), True)
    parts = {f"{where}.{name}": part for name, part in schema.get("properties", {}).items()}
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        parts = {f"{where}/{name}": document["components"]["schemas"][name]}
    elif "anyOf" in schema:
        parts = {where: schema["anyOf"][0]}
    elif schema.get("type") == "array":
        parts = {f"{where}[]": schema["items"]}
    if not parts:
        raise NoExample(where)
    return {place: example_of(part, document, place) for place, part in parts.items()}


@pytest.fixture(scope="module", params=SERVICES)
def document(request: pytest.FixtureRequest) -> Json:
    """The OpenAPI document of each service in turn."""
    return openapi_of(request.param)


class TestOpenApi:
    def test_is_of_version_3_1_and_names_each_operation_once(self, document: Json) -> None:
        ids = [operation["operationId"] for _, operation in operations(document)]

        assert document["openapi"].startswith("3.1")
        assert ids
        assert len(ids) == len(set(ids))

    def test_says_what_each_operation_does(self, document: Json) -> None:
        silent = [name for name, found in operations(document) if not found.get("description")]

        assert silent == []

    def test_has_an_example_for_every_response(self, document: Json) -> None:
        missing = []
        for where, content in contents(document):
            try:
                if "example" not in content:
                    example_of(content["schema"], document, where)
            except NoExample as found:
                missing.append(str(found))

        assert missing == []

    def test_refers_only_to_what_it_contains(self, document: Json) -> None:
        found = set(references(document))

        assert found
        assert sorted(name for name in found if not resolves(name, document)) == []

    def test_asks_commands_for_an_idempotency_key(self, document: Json) -> None:
        for name, operation in operations(document):
            headers = {p["name"] for p in operation.get("parameters", []) if p["in"] == "header"}
            if "428" in operation["responses"]:
                assert "if-match" in headers, name
                assert "idempotency-key" in headers, name

    def test_shows_money_as_integers_of_fen(self, document: Json) -> None:
        for name, schema in document["components"]["schemas"].items():
            for field, part in schema.get("properties", {}).items():
                if field.endswith(("_fen", "_ppm")):
                    # Amounts by name are an object whose every value is an amount.
                    shown = part.get("additionalProperties", part)
                    kinds = {shown.get("type"), *(c.get("type") for c in shown.get("anyOf", []))}
                    assert kinds <= {"integer", "null", None}, f"{name}.{field}"


class TestTheReferenceFinder:
    @pytest.mark.parametrize(
        ("reference", "held"),
        [
            ("#/components/schemas/Thing", True),
            ("#/$defs/Thing", False),
            ("#/components/schemas/Nothing", False),
            ("#/components/schemas/Thing/type/deeper", False),
            ("other.json#/components/schemas/Thing", False),
        ],
    )
    def test_tells_a_dangling_reference(self, reference: str, *, held: bool) -> None:
        document: Json = {
            "paths": {"/": [{"schema": {"$ref": reference}}]},
            "components": {"schemas": {"Thing": {"type": "string"}}},
        }

        assert [resolves(found, document) for found in references(document)] == [held]


class TestTheExampleFinder:
    def test_fails_for_a_field_that_shows_nothing(self) -> None:
        schema = {"type": "object", "properties": {"name": {"type": "string"}}}

        with pytest.raises(NoExample, match=r"here\.name"):
            example_of(schema, {}, "here")
