"""The Markdown catalogue: who publishes what for whom, by which key, for how long, like what."""

import orjson

from shared.events.catalogue import DAY_MS, TOPICS, Topic
from shared.events.envelope import Event
from shared.events.sample import sample_headers
from shared.events.schema import GENERATED

_SCHEMAS = "../../shared/events/schemas"
_HEAD = """\
<!-- {generated} -->
# Events

CloudEvents 1.0, binary mode: attributes are `ce_*` headers, the value is the data as JSON, the
record's key decides the partition (murmur2, as Kafka's own clients do). Within a topic, what has
one key is in order. A record can come more than once, always with the same `ce_id`. Ignore fields
that you do not know: a version grows by optional ones.

The same for machines: [AsyncAPI 3.0](asyncapi.json), [headers]({schemas}/envelope.json), a JSON
Schema per event (below), [topics](../../deploy/kafka/topics.json) and
[rights](../../deploy/kafka/acls.json), and [records](../../tests/contracts/corpus) of every
published version. `python -m deploy.kafka` creates the topics and sets the rights on a broker.

The headers of one record, `{event}`, whose data is [below](#{anchor}):

```json
{headers}
```
"""


def catalogue() -> bytes:
    """Return the catalogue as the file's bytes."""
    first = TOPICS[0].events[0]
    head = _HEAD.format(
        generated=GENERATED,
        schemas=_SCHEMAS,
        event=first.TYPE,
        anchor=_anchor(first),
        headers=orjson.dumps(sample_headers(first.example()), option=orjson.OPT_INDENT_2).decode(),
    )
    contents = [f"- `{topic.name}` {topic.zh}: {topic.en}" for topic in TOPICS]
    body = [line for topic in TOPICS for line in _topic_lines(topic)]
    return "\n".join([head, *contents, "", *body]).encode()


def _topic_lines(topic: Topic) -> list[str]:
    consumers = ", ".join(topic.consumers) or "integrators only"
    return [
        f"## `{topic.name}` {topic.zh}",
        "",
        f"{topic.en.capitalize()}.",
        "",
        "| publisher | consumers | key | partitions | retention | strictest data class |",
        "|---|---|---|---|---|---|",
        f"| {topic.publisher} | {consumers} | `{topic.key}` | {topic.partitions} "
        f"| {topic.retention_ms // DAY_MS} days | {topic.data_class.value} |",
        "",
        *(line for event in topic.events for line in _event_lines(event)),
    ]


def _event_lines(event: type[Event]) -> list[str]:
    meaning = " ".join((event.__doc__ or "").split())
    data = orjson.dumps(event.example().model_dump(mode="json")).decode()
    return [
        f"### `{event.TYPE}`",
        "",
        f"{meaning} Data class: {event.DATA_CLASS.value}. [Schema]({_SCHEMAS}/{event.TYPE}.json).",
        "",
        "```json",
        data,
        "```",
        "",
    ]


def _anchor(event: type[Event]) -> str:
    return event.TYPE.replace(".", "")
