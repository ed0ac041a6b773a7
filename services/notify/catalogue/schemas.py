"""Responses of the catalogue."""

from typing import Annotated, Self

from pydantic import Field

from services.notify.catalogue.rules import Feed
from shared.events.envelope import DataClass
from shared.web.fields import Count, OrgCode, View


class FieldView(View):
    """One field of a feed."""

    name: str = Field(examples=["category"])
    zh: str = Field(examples=["资格类别"])
    en: str = Field(examples=["category"])
    data_class: Annotated[DataClass, Field(examples=["internal"])]


class FeedView(View):
    """One entry of the catalogue: what it carries and where it is read."""

    feed: OrgCode = Field(examples=["enterprise-qualifications"])
    title_zh: str = Field(examples=["企业资格与名单"])
    title_en: str = Field(examples=["enterprises' qualifications and lists"])
    provider: OrgCode = Field(examples=["dept-kj"])
    shared_attribute: str = Field(examples=["uscc"])
    retention_days: Count = Field(examples=[400])
    types: list[str] = Field(examples=[["registry.enterprise.qualification_granted.v1"]])
    corrections: Annotated[
        list[str],
        Field(
            description="types that correct or withdraw what others said; they reach every reader "
            "who may have been shown those",
            examples=[["registry.enterprise.qualification_revoked.v1"]],
        ),
    ]
    fields: list[FieldView]
    href: str = Field(examples=["/v1/feeds/enterprise-qualifications"])

    @classmethod
    def of(cls, feed: Feed) -> Self:
        """Show a feed."""
        return cls(
            feed=feed.code,
            title_zh=feed.title_zh,
            title_en=feed.title_en,
            provider=feed.provider,
            shared_attribute=feed.shared_attribute,
            retention_days=feed.retention_days,
            types=[event_type.TYPE for event_type in feed.types],
            corrections=[correction.kind.TYPE for correction in feed.corrections],
            fields=[
                FieldView(name=f.name, zh=f.zh, en=f.en, data_class=f.data_class)
                for f in feed.fields
            ],
            href=f"/v1/feeds/{feed.code}",
        )


class Catalogue(View):
    """Every feed that there is."""

    items: list[FeedView]
