"""The event envelope: CloudEvents 1.0 in Kafka's binary content mode.

An event's attributes are ``ce_*`` headers, its data is the record's value as JSON, its key is the
record's key. Producers validate closed (an unknown field is a defect); consumers read open (an
unknown field is a newer version's addition and is ignored).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Generic, Self, TypeVar, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

TYPE_FORM = re.compile(r"^(?P<aggregate>(?P<service>[a-z]+)\.[a-z]+)\.[a-z_]+\.v(?P<version>\d+)$")


class DataClass(StrEnum):
    """How far the data of an event may travel; a feed never carries more than its class."""

    PUBLIC = "public"
    INTERNAL = "internal"
    SENSITIVE = "sensitive"
    CONFIDENTIAL = "confidential"


class Part(BaseModel):
    """A value inside an event, for example one leg of a split."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Event(BaseModel):
    """One fact, in the past tense. Subclasses set the class variables below.

    ``TYPE`` is ``<service>.<aggregate>.<past_tense>.v<n>``; ``SUBJECT`` names the field with the
    aggregate's id; ``KEY`` names the field whose value is the Kafka key (the subject by default).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    TYPE: ClassVar[str] = ""
    DATA_CLASS: ClassVar[DataClass] = DataClass.CONFIDENTIAL
    SUBJECT: ClassVar[str] = ""
    KEY: ClassVar[str] = ""
    _AGGREGATE: ClassVar[str]
    _TOPIC: ClassVar[str]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: object) -> None:
        """Refuse a declaration that the wire could not carry, when the module is imported."""
        super().__pydantic_init_subclass__(**kwargs)
        if not TYPE_FORM.match(cls.TYPE):
            raise TypeError(f"{cls.__name__}.TYPE is not <service>.<aggregate>.<past>.v<n>")
        cls.KEY = cls.KEY or cls.SUBJECT
        for name in (cls.SUBJECT, cls.KEY):
            if name not in cls.model_fields:
                raise TypeError(f"{cls.__name__} has no field {name!r} for its subject or key")
        cls._AGGREGATE, _, version = cls.TYPE.rsplit(".", 2)
        cls._TOPIC = f"tongzhou.{cls._AGGREGATE}.{version}"
        if EVENT_TYPES.setdefault(cls.TYPE, cls) is not cls:
            raise TypeError(f"two events claim the type {cls.TYPE}")

    @classmethod
    def service(cls) -> str:
        """The publishing service."""
        return cls.TYPE.split(".", 1)[0]

    @classmethod
    def aggregate(cls) -> str:
        """The aggregate type, for example ``guarantee.claim``."""
        return cls._AGGREGATE

    @classmethod
    def topic(cls) -> str:
        """The Kafka topic of the aggregate, for example ``tongzhou.guarantee.claim.v1``."""
        return cls._TOPIC

    @property
    def subject(self) -> str:
        """The aggregate's id."""
        return str(getattr(self, self.SUBJECT))

    @property
    def key(self) -> str:
        """The Kafka key: what must stay in order stays on one key."""
        return str(getattr(self, self.KEY))

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Parse a payload openly: additions of a newer producer are ignored."""
        return cls.model_validate_json(data, extra="ignore")

    @classmethod
    def example(cls) -> Self:
        """Return the event that the fields' own examples make."""
        return cls.model_validate(_example_of(cls))


EVENT_TYPES: dict[str, type[Event]] = {}
"""Every declared event type, filled as the publishers' modules are imported."""

E_co = TypeVar("E_co", bound=Event, covariant=True)


def _example_of(model: type[BaseModel]) -> dict[str, object]:
    return {name: _field_example(field) for name, field in model.model_fields.items()}


def _field_example(field: FieldInfo) -> object:
    if field.examples:
        return field.examples[0]
    return _annotation_example(field.annotation)


def _annotation_example(annotation: object) -> object:
    origin, arguments = get_origin(annotation), get_args(annotation)
    metadata = getattr(annotation, "__metadata__", ())
    for item in metadata:
        if isinstance(item, FieldInfo) and item.examples:
            return item.examples[0]
    if metadata:
        return _annotation_example(arguments[0])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _example_of(annotation)
    if origin in {tuple, list}:
        return [_annotation_example(arguments[0])]
    if annotation is bool:
        return True
    if arguments:
        first = arguments[0]
        return first if isinstance(first, str | int) else _annotation_example(first)
    raise TypeError(f"a field of type {annotation!r} needs an example")


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something happens: the case it belongs to, and the event or request that led to it."""

    correlation: UUID
    causation: UUID | None = None


@dataclass(frozen=True, slots=True)
class Received(Generic[E_co]):
    """An event as a consumer's handler sees it: the fact and what the envelope says of it."""

    data: E_co
    id: UUID
    subject: str
    key: str
    sequence: int | None
    recorded_at: datetime
    cause: Cause
    traceparent: str | None = None


def headers_of(
    event: Event,
    *,
    event_id: UUID,
    sequence: int | None,
    recorded_at: datetime,
    cause: Cause,
    traceparent: str | None,
) -> list[tuple[str, bytes]]:
    """Return the record headers of an event, in a fixed order."""
    instant = recorded_at.isoformat().replace("+00:00", "Z")
    attributes: dict[str, str | None] = {
        "ce_specversion": "1.0",
        "ce_id": str(event_id),
        "ce_source": f"/tongzhou/{event.service()}",
        "ce_type": event.TYPE,
        "ce_subject": event.subject,
        "ce_time": instant,
        "ce_partitionkey": event.key,
        "ce_sequence": None if sequence is None else f"{sequence:020d}",
        "ce_recordedtime": instant,
        "ce_correlation": str(cause.correlation),
        "ce_causation": None if cause.causation is None else str(cause.causation),
        "ce_traceparent": traceparent,
        "ce_dataclass": event.DATA_CLASS.value,
        "ce_dataschema": f"/schemas/{event.TYPE}.json",
        "content-type": "application/json",
    }
    return [(name, value.encode()) for name, value in attributes.items() if value is not None]
