"""The catalogue of topics: who publishes, who consumes, by which key, for how long.

Topics, access rights, schemas and documents are generated from these rows; a test holds them
against the declared events and against every service's subscriptions.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.events import (
    credit,
    guarantee,
    guarantee_fund,
    guarantee_pack,
    insurance,
    notify,
    registry,
)
from shared.events.envelope import EVENT_TYPES, DataClass, Event

PARTITIONS = 12
"""For life: another number would move keys to other partitions and so break their order."""

DAY_MS = 24 * 60 * 60 * 1000
PUBLISHERS = (registry, credit, guarantee, guarantee_fund, guarantee_pack, insurance, notify)
"""Each publisher's own file; where that is full, ``<service>_<aggregate>`` for one aggregate."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: the events of one aggregate type, in order per key."""

    name: str
    publisher: str
    consumers: tuple[str, ...]
    key: str
    zh: str
    en: str
    retention_ms: int = 400 * DAY_MS
    partitions: int = PARTITIONS

    @property
    def events(self) -> tuple[type[Event], ...]:
        """The event types that travel on this topic."""
        return tuple(event for event in EVENT_TYPES.values() if event.topic() == self.name)

    @property
    def data_class(self) -> DataClass:
        """The strictest class among the topic's events."""
        strictness = list(DataClass)
        return max((event.DATA_CLASS for event in self.events), key=strictness.index)


_ALL = ("credit", "guarantee", "insurance", "notify")

TOPICS: tuple[Topic, ...] = (
    Topic(
        "tongzhou.registry.institution.v1", "registry", _ALL, "code", "机构与部门", "institutions"
    ),
    Topic("tongzhou.registry.enterprise.v1", "registry", _ALL, "uscc", "企业与资格", "enterprises"),
    Topic(
        "tongzhou.registry.consent.v1", "registry", ("credit", "notify"), "uscc", "授权", "consents"
    ),
    Topic(
        "tongzhou.credit.demand.v1",
        "credit",
        ("notify",),
        "demand_id",
        "融资需求",
        "financing demands",
    ),
    Topic("tongzhou.credit.loan.v1", "credit", ("guarantee", "notify"), "loan_id", "贷款", "loans"),
    Topic(
        "tongzhou.credit.process.v1",
        "credit",
        ("credit", "notify"),
        "loan_id",
        "流程时限",
        "process timers",
    ),
    Topic(
        "tongzhou.guarantee.programme.v1",
        "guarantee",
        ("credit", "notify"),
        "programme",
        "方案与熔断",
        "programmes and breakers",
    ),
    Topic(
        "tongzhou.guarantee.guarantee.v1",
        "guarantee",
        ("credit", "notify"),
        "guarantee_id",
        "担保",
        "guarantees",
    ),
    Topic(
        "tongzhou.guarantee.claim.v1",
        "guarantee",
        ("credit", "guarantee", "notify"),
        "claim_id",
        "代偿",
        "claims",
    ),
    Topic(
        "tongzhou.guarantee.fund.v1", "guarantee", ("notify",), "fund", "基金账", "fund movements"
    ),
    Topic("tongzhou.guarantee.pack.v1", "guarantee", (), "rule_pack_id", "规则包", "rule packs"),
    Topic(
        "tongzhou.guarantee.process.v1",
        "guarantee",
        ("guarantee", "notify"),
        "claim_id",
        "流程时限",
        "process timers",
    ),
    Topic(
        "tongzhou.guarantee.period.v1",
        "guarantee",
        ("guarantee", "notify"),
        "guarantee_id",
        "保证期间",
        "ends of guarantee periods",
    ),
    Topic(
        "tongzhou.insurance.policy.v1", "insurance", ("notify",), "policy_id", "保单", "policies"
    ),
    Topic(
        "tongzhou.insurance.qualification.v1",
        "insurance",
        ("notify",),
        "qualification_id",
        "产品资格审定",
        "product qualifications",
    ),
    Topic(
        "tongzhou.insurance.subsidy.v1",
        "insurance",
        ("notify",),
        "subsidy_id",
        "保费补贴",
        "premium subsidies",
    ),
    Topic(
        "tongzhou.notify.subscription.v1",
        "notify",
        (),
        "subscription_id",
        "订阅与授予",
        "subscriptions and grants",
    ),
    Topic("tongzhou.notify.delivery.v1", "notify", (), "subscriber", "披露", "disclosures"),
    *(
        Topic(
            f"tongzhou.{service}.operation.v1",
            service,
            (),
            "operation_id",
            "运维操作",
            "operations on the service's event stores",
        )
        for service in ("registry", *_ALL)
    ),
)

BY_NAME = {topic.name: topic for topic in TOPICS}


def consumed_by(service: str) -> Iterator[Topic]:
    """Yield the topics that a service reads."""
    return (topic for topic in TOPICS if service in topic.consumers)
