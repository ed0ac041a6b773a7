"""The AsyncAPI 3.0 document: channels are topics, messages are event types, each with its example.

It stands for itself: parts of events are hoisted into its own ``components``.
"""

from collections.abc import Iterator, Mapping

from shared.events.broker import REPLICAS, configuration, group_of
from shared.events.catalogue import TOPICS, Topic
from shared.events.envelope import Event
from shared.events.sample import sample_headers
from shared.events.schema import GENERATED, envelope_schema, schema_of

_BINDING = "0.5.0"
_NOT_OF_A_PART = {"$schema", "$id", "$comment", "$defs", "examples"}


def document() -> dict[str, object]:
    """Return the whole document."""
    events = [event for topic in TOPICS for event in topic.events]
    schemas: dict[str, object] = {"envelope": _plain(envelope_schema())}
    for event in events:
        schemas |= _schemas(event)
    return {
        "asyncapi": "3.0.0",
        "id": "urn:tongzhou:events",
        "info": {
            "title": "Tongzhou 同舟 events",
            "version": "1.0.0",
            "description": GENERATED,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": dict(operation for topic in TOPICS for operation in _operations(topic)),
        "components": {
            "schemas": schemas,
            "messages": {event.TYPE: _message(event) for event in events},
        },
    }


def _channel(topic: Topic) -> dict[str, object]:
    settings = configuration(topic, replicas=REPLICAS)
    return {
        "address": topic.name,
        "title": topic.zh,
        "summary": f"{topic.en}, in order per {topic.key}",
        "messages": {
            event.TYPE: {"$ref": f"#/components/messages/{event.TYPE}"} for event in topic.events
        },
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "replicas": REPLICAS,
                "topicConfiguration": {
                    "cleanup.policy": [settings["cleanup.policy"]],
                    "retention.ms": topic.retention_ms,
                },
                "bindingVersion": _BINDING,
            }
        },
        "x-key": topic.key,
        "x-dataclass": topic.data_class.value,
    }


def _operations(topic: Topic) -> Iterator[tuple[str, dict[str, object]]]:
    yield f"{topic.publisher}.send.{topic.name}", _operation("send", topic, topic.publisher)
    for service in topic.consumers:
        group = {"type": "string", "enum": [group_of(service)]}
        operation = _operation("receive", topic, service)
        operation["bindings"] = {"kafka": {"groupId": group, "bindingVersion": _BINDING}}
        yield f"{service}.receive.{topic.name}", operation


def _operation(action: str, topic: Topic, service: str) -> dict[str, object]:
    channel = f"#/channels/{topic.name}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{event.TYPE}"} for event in topic.events],
        "tags": [{"name": service}],
    }


def _message(event: type[Event]) -> dict[str, object]:
    example = event.example()
    return {
        "name": event.TYPE,
        "title": event.__name__,
        "summary": " ".join((event.__doc__ or "").split()),
        "contentType": "application/json",
        "correlationId": {"location": "$message.header#/ce_correlation"},
        "headers": {
            "allOf": [
                {"$ref": "#/components/schemas/envelope"},
                {"type": "object", "properties": {"ce_type": {"const": event.TYPE}}},
            ]
        },
        "payload": {"$ref": f"#/components/schemas/{event.TYPE}"},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": f"the data's {event.KEY}"},
                "bindingVersion": _BINDING,
            }
        },
        "examples": [
            {"headers": sample_headers(example), "payload": example.model_dump(mode="json")}
        ],
        "x-dataclass": event.DATA_CLASS.value,
    }


def _schemas(event: type[Event]) -> dict[str, object]:
    """Return the event's schema and those of its parts, under names of this document."""
    schema = schema_of(event)
    parts = schema.get("$defs", {})
    named: dict[str, object] = {event.TYPE: _hoisted(_plain(schema), event.TYPE)}
    if isinstance(parts, dict):
        named |= {
            f"{event.TYPE}.{name}": _hoisted(part, event.TYPE) for name, part in parts.items()
        }
    return named


def _plain(schema: Mapping[str, object]) -> dict[str, object]:
    return {
        name: value
        for name, value in schema.items()
        if name not in _NOT_OF_A_PART and not name.startswith("x-")
    }


def _hoisted(schema: object, prefix: str) -> object:
    match schema:
        case {"$ref": str(target), **beside}:
            name = target.removeprefix("#/$defs/")
            return {**beside, "$ref": f"#/components/schemas/{prefix}.{name}"}
        case dict():
            return {name: _hoisted(value, prefix) for name, value in schema.items()}
        case list():
            return [_hoisted(item, prefix) for item in schema]
        case _:
            return schema
