"""Rule packs over REST, the same in every service that has some: questions, answers, and reading.

A question names a pack by id, by id and version, or brings a draft; what is wrong with it is
pointed at by JSON pointer. Nothing here is stored.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Protocol, Self, cast

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field, WithJsonSchema, with_config

from shared.db.database import Database, Transaction
from shared.rulepack.catalogue import PackCatalogue
from shared.rulepack.errors import MalformedPack, PackNotFound
from shared.rulepack.examples import run_examples
from shared.rulepack.loader import draft_pack
from shared.rulepack.pack import Pack, PackReference
from shared.rulepack.trace import Trace
from shared.web.auth import Authenticated
from shared.web.fields import Body, Day, Row, View
from shared.web.problem import problems

MAX_NAMES = 100
"""The most facts, counters, metrics or parties that one question may bring."""

RulePack = Annotated[
    object,
    WithJsonSchema(
        {
            "anyOf": [{"type": "string"}, {"type": "object"}],
            "description": 'a pack id, or {"id", "version"}, or a whole pack (a draft) inline',
            "examples": ["nfgf-scitech-2024"],
        }
    ),
]
Facts = Annotated[
    dict[str, object],
    Field(
        max_length=MAX_NAMES,
        description="the facts that the pack declares",
        examples=[{"firm_categories": ["hnte"]}],
    ),
]


class Question(Body):
    """What every question to a pack has: the pack, the business date, the facts of the case."""

    rule_pack: RulePack
    on: Day
    facts: Facts = Field(default_factory=dict)


class RulePackView(View):
    """Which pack decided."""

    id: str = Field(examples=["nfgf-scitech-2024"])
    version: int = Field(examples=[1])
    digest: str = Field(examples=[f"sha256:{'0' * 64}"])

    @classmethod
    def of(cls, pack: PackReference) -> Self:
        """Show a reference."""
        return cls(id=pack.id, version=pack.version, digest=pack.digest)


@with_config(ConfigDict(extra="allow"))
class TraceStepView(Row):
    """One step of an explanation; beside its words stand the figures that it speaks of."""

    step: Annotated[str, Field(examples=["base"])]
    zh: Annotated[str, Field(examples=["应得 66,666,666.6 分，取整 66,666,667 分"])]
    en: Annotated[str, Field(examples=["exactly 66,666,666.6 fen, in whole fen 66,666,667"])]


def trace_view(trace: Trace) -> list[TraceStepView]:
    """Show an explanation step by step."""
    # Pydantic writes a figure that is a tuple as a list.
    return stored_trace_view(
        {"step": each.step, "zh": each.zh, "en": each.en, **dict(each.figures)} for each in trace
    )


def stored_trace_view(rows: Iterable[Mapping[str, object]]) -> list[TraceStepView]:
    """Show an explanation that is kept in the shape of ``TraceStep.as_json``."""
    return cast("list[TraceStepView]", list(rows))


def pack_of(packs: PackCatalogue, form: object, *, on: date) -> Pack:
    """Find the pack of a question; what is wrong with a draft is pointed at below ``/rule_pack``.

    Raises ``PackNotFound`` or ``MalformedPack``.
    """
    try:
        return packs.resolve(form, on=on)
    except MalformedPack as refused:
        raise MalformedPack(
            tuple(replace(p, path=("rule_pack", *p.path)) for p in refused.problems)
        ) from refused


class PackSource(Protocol):
    """A service's packs where they may change while it runs."""

    async def current(self, work: Transaction) -> PackCatalogue:
        """Return the packs as they are in this unit of work."""
        ...


async def _packs(request: Request, _caller: Authenticated) -> PackCatalogue:
    source: PackCatalogue | PackSource = request.app.state.packs
    if isinstance(source, PackCatalogue):
        return source
    database: Database = request.app.state.database
    async with database.read() as work:
        return await source.current(work)


Packs = Annotated[PackCatalogue, Depends(_packs)]
"""The service's packs, for any caller with a token."""


class PackSummary(View):
    """One version of a pack, in a list."""

    id: str = Field(examples=["sip-yuankedai"])
    version: int = Field(examples=[1])
    digest: str = Field(examples=[f"sha256:{'0' * 64}"])
    title: Mapping[str, str] = Field(examples=[{"zh": "园科贷", "en": "Yuankedai"}])
    document_number: str = Field(examples=["财金〔2024〕60号"])
    valid_from: Day
    valid_to: Day | None

    @classmethod
    def of(cls, pack: Pack) -> Self:
        """Show a pack in a list."""
        return cls(
            id=pack.id,
            version=pack.version,
            digest=pack.digest,
            title={"zh": pack.title.zh, "en": pack.title.en},
            document_number=pack.document_number,
            valid_from=pack.valid_from,
            valid_to=pack.valid_to,
        )


class PackList(View):
    """Every version of every pack of the service."""

    items: list[PackSummary]


class PackView(PackSummary):
    """A pack with all that it says."""

    pack: Annotated[dict[str, Any], Field(examples=[{"id": "sip-yuankedai", "version": 1}])]

    @classmethod
    def of(cls, pack: Pack) -> Self:
        """Show a whole pack."""
        summary = PackSummary.of(pack).model_dump()
        return cls(**summary, pack=pack.model_dump(mode="json", exclude_none=True))


class ValidateDraft(Body):
    """A draft as the text of its YAML file."""

    content: Annotated[str, Field(max_length=1_000_000, examples=["id: my-pack\nversion: 1\n"])]


class ExampleOutcome(View):
    """What became of one example of the draft."""

    name: str = Field(examples=["below the cap"])
    passed: bool = Field(examples=[True])


class DraftValidated(View):
    """A well-formed draft: its digest, and whether its own examples hold."""

    rule_pack: RulePackView
    valid: bool = Field(examples=[True])
    examples: list[ExampleOutcome]


def router() -> APIRouter:
    """Return the endpoints that list, show and validate packs, for any caller with a token."""
    made = APIRouter(prefix="/v1/rule-packs", tags=["rule packs 规则包"])

    @made.get("", response_model=PackList, responses=problems())
    def list_packs(packs: Packs) -> PackList:
        """List every version of every pack."""
        return PackList(items=[PackSummary.of(pack) for pack in packs.list()])

    @made.get("/{pack_id}", response_model=PackView, responses=problems(404))
    def show_pack(pack_id: str, packs: Packs, version: int | None = None) -> PackView:
        """Show one version of a pack, the newest by default."""
        versions = packs.versions(pack_id)
        found = [pack for pack in versions if version in {None, pack.version}]
        if not found:
            raise PackNotFound(f"rule pack {pack_id} has no version {version}")
        return PackView.of(found[-1])

    @made.post("/validate", response_model=DraftValidated, responses=problems())
    def validate_draft(body: ValidateDraft, _caller: Authenticated) -> DraftValidated:
        """Check a draft and run its own examples; a malformed one is refused line by line."""
        pack = draft_pack(body.content.encode(), "draft")
        outcomes = [
            ExampleOutcome(name=outcome.name, passed=outcome.passed)
            for outcome in run_examples(pack)
        ]
        return DraftValidated(
            rule_pack=RulePackView.of(pack.reference),
            valid=all(outcome.passed for outcome in outcomes),
            examples=outcomes,
        )

    return made
