"""Requests and responses of the rulebook."""

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field

from services.guarantee.rulebook.rules import End, Ending, Version, VersionState
from services.guarantee.rulebook.store import Stored
from shared.events.fields import PackId
from shared.rulepack.diff import Change
from shared.rulepack.pack import Pack
from shared.signing import Signer
from shared.web.fields import Body, Day, OrgCode, Text, View
from shared.web.paging import Page
from shared.web.rule_packs import RulePackView

MAX_CONTENT = 1_000_000


class DraftPack(Body):
    """A version of a rule pack as the text of its YAML file."""

    content: Annotated[
        str, Field(min_length=1, max_length=MAX_CONTENT, examples=["id: my-pack\nversion: 1\n"])
    ]


class RetirePack(Body):
    """From which day on the version no longer decides, and why."""

    ends_on: Day
    reason: Text


class SignatureView(View):
    """Ed25519 over ``statement``: canonical JSON of who let which content decide."""

    algorithm: str = Field(examples=["Ed25519"])
    key_id: str = Field(examples=["9f86d081884c7d65"])
    public_key: str = Field(description="base64", examples=["A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1f="])
    signature: str = Field(description="base64", examples=["c2lnbmF0dXJl"])
    statement: str = Field(examples=['{"activated_by":"checker-2"}'])


class VersionView(View):
    """A version that was drafted here."""

    id: PackId
    pack_version: int = Field(examples=[2])
    state: Annotated[VersionState, Field(examples=["active"])]
    digest: str = Field(examples=[f"sha256:{'0' * 64}"])
    valid_from: Day
    valid_to: Day | None
    org: OrgCode
    drafted_by: str = Field(examples=["maker-1"])
    drafted_at: Annotated[datetime, Field(examples=["2026-03-02T01:00:00Z"])]
    activated_by: str | None = Field(examples=["checker-2"])
    activated_at: Annotated[datetime | None, Field(examples=["2026-03-02T02:00:00Z"])]
    signature: SignatureView | None
    version: int = Field(description="of this record, for If-Match", examples=[1])
    content: str = Field(examples=["id: my-pack\nversion: 2\n"])

    @classmethod
    def of(cls, stored: Stored) -> Self:
        """Show a version."""
        drafted = stored.drafted
        return cls(
            id=drafted.pack_id,
            pack_version=drafted.number,
            state=drafted.state,
            digest=drafted.digest,
            valid_from=drafted.valid_from,
            valid_to=drafted.valid_to,
            org=drafted.org,
            drafted_by=drafted.drafted_by,
            drafted_at=drafted.drafted_at,
            activated_by=drafted.activated_by,
            activated_at=drafted.activated_at,
            signature=_signature(drafted),
            version=stored.version,
            content=drafted.content,
        )


class EndView(View):
    """From which day on a version no longer decides, and why."""

    id: PackId
    pack_version: int = Field(examples=[1])
    ends_on: Day
    ending: Annotated[Ending, Field(examples=["retired"])]
    reason: str = Field(examples=["政策到期"])
    by: str = Field(examples=["checker-2"])

    @classmethod
    def of(cls, end: End) -> Self:
        """Show an end."""
        return cls(
            id=end.pack_id,
            pack_version=end.number,
            ends_on=end.ends_on,
            ending=end.ending,
            reason=end.reason,
            by=end.by,
        )


class ChangeView(View):
    """One difference, in words, with both values; null where there is none."""

    pointer: str = Field(examples=["/tiers/first/shares/bank"])
    zh: str = Field(examples=["档次 · first · 分担比例 · bank：由 20 % 改为 25 %"])
    en: str = Field(examples=["tier, first, share, bank: 20 % becomes 25 %"])
    before: Annotated[Any, Field(examples=[200_000])]
    after: Annotated[Any, Field(examples=[250_000])]


class DiffView(View):
    """What differs between two versions."""

    before: RulePackView
    after: RulePackView
    changes: list[ChangeView]

    @classmethod
    def of(cls, compared: tuple[Pack, Pack, Sequence[Change]]) -> Self:
        """Show a comparison."""
        before, after, found = compared
        return cls(
            before=RulePackView.of(before.reference),
            after=RulePackView.of(after.reference),
            changes=[
                ChangeView(
                    pointer=change.pointer,
                    zh=change.zh,
                    en=change.en,
                    before=change.before,
                    after=change.after,
                )
                for change in found
            ],
        )


class SigningKeyView(View):
    """The public key that this service's signatures are checked with."""

    algorithm: str = Field(examples=["Ed25519"])
    public_key: str = Field(description="base64", examples=["A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1f="])

    @classmethod
    def of(cls, signer: Signer) -> Self:
        """Show a key."""
        return cls(algorithm="Ed25519", public_key=_base64(signer.public_key))


def _signature(drafted: Version) -> SignatureView | None:
    signed = drafted.signature
    if signed is None:
        return None
    return SignatureView(
        algorithm="Ed25519",
        key_id=signed.key_id,
        public_key=_base64(signed.public_key),
        signature=_base64(signed.signature),
        statement=drafted.statement.decode(),
    )


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


VersionPage = Page[VersionView]
