"""The typed shape of a rule pack: every number of a scheme as dated data, never as code.

A pack is read from YAML or JSON (``loader.py``), checked for sense (``checks.py``), proven by its
own examples (``examples.py``) and found by id and date (``catalogue.py``). This module knows
shapes alone: what a field may hold, not whether the whole makes sense. Parties, facts, counters
and metrics are names that the pack declares; the mechanism gives none of them a meaning.

Units: ``…_fen`` is integer fen, ``…_ppm`` integer parts per million. Nothing here is a float.
Dates are business dates in Asia/Shanghai; a period is half-open: ``valid_from`` is in it,
``valid_to`` is not.
"""

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, StrictInt, StrictStr

from shared.money import MAX_FEN, PPM
from shared.rulepack.digest import digest_of
from shared.rulepack.fields import (
    MAX_ROWS,
    CapKind,
    FactKind,
    IsoDate,
    Key,
    Multiple,
    Name,
    Operator,
    PackId,
    Part,
    Ppm,
    Region,
    Text,
    Unit,
    Whole,
    Words,
)
from shared.rulepack.promises import AnyExample


class FactDeclaration(Words):
    """A fact that the pack reads: what it is called, what it may hold, in which unit.

    ``allowed`` lists the words of a ``word`` or ``words`` fact. An ``int`` lies between ``least``
    and ``most``: a share of something is at most the whole of it.
    """

    kind: FactKind
    unit: Unit = "none"
    allowed: Annotated[tuple[Name, ...], Field(max_length=MAX_ROWS)] = ()
    least: Whole = 0
    most: Whole = MAX_FEN


class Quantity(Part):
    """A number by reference: exactly one of the four sources, times a portion, plus a constant.

    ``{counter: year_end_balance_fen, share_ppm: 100000}`` is 10 % of that counter; ``{benchmark:
    1Y, plus: 3000}`` is that benchmark plus 30 basis points; ``{fixed: 500000000}`` is 5,000,000
    yuan.
    """

    fixed: Whole | None = None
    fact: Name | None = None
    counter: Name | None = None
    benchmark: Key | None = None
    share_ppm: Multiple = PPM
    plus: Whole = 0


class Condition(Part):
    """One structured row: a fact (or the sum of several), an operator, a value, and a why."""

    fact: Name | None = None
    sum: Annotated[tuple[Name, ...], Field(max_length=MAX_ROWS)] = ()
    op: Operator
    value: StrictBool | StrictInt | StrictStr | tuple[StrictStr, ...] | Quantity
    why: Words

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the facts on the left side, in declared order."""
        return self.sum if self.fact is None else (self.fact,)


Conditions = Annotated[tuple[Condition, ...], Field(max_length=MAX_ROWS)]


class Reading(Words):
    """Where the published text leaves room: which reading this pack takes."""


class Party(Words):
    """Someone who bears a share. The order of declaration breaks ties between odd fen."""

    name: Name


class Tier(Part):
    """Shares for one class of cases. The first tier whose conditions all pass is the one taken."""

    name: Name
    title: Words
    when: Conditions = ()
    shares: Mapping[Name, Ppm]


class Limit(Part):
    """A condition that terms must meet, asked only where every row of ``when`` passes."""

    code: Name
    severity: Literal["refusal", "warning"] = "refusal"
    when: Conditions = ()
    require: Condition


class Cap(Part):
    """A ceiling on what one party bears; what does not fit overflows. It rounds down.

    ``used`` names the counter that already fills the ceiling and that this decision moves on when
    it is accepted. Every kind but ``rate_cap`` measures the party's own part; a ``rate_cap``
    measures whole cases: the party shares a case only as far as the case fits. A ``free_balance``
    is what is left in an account, so nothing else fills it.
    """

    name: Name
    party: Name
    kind: CapKind
    limit: Quantity
    used: Name | None = None
    why: Words


class Breaker(Part):
    """A ratio of two metrics that warns, then suspends. The comparison is exact."""

    name: Name
    title: Words
    numerator: Name
    base: Name
    warning_ppm: Multiple | None = None
    suspended_ppm: Multiple
    comparison: Literal["ge", "gt"]
    scope: Annotated[tuple[Name, ...], Field(min_length=1, max_length=MAX_ROWS)]


class Deadline(Part):
    """How long one step may take after another."""

    name: Name
    title: Words
    since: Name
    until: Name
    count: Annotated[int, Field(strict=True, ge=0, le=3660)]
    unit: Literal["calendar_day", "working_day", "month"]
    roll: Literal["none", "next_working_day"] = "none"


class Fee(Part):
    """A fee on an amount, times a portion where one is named. The first matching row is taken."""

    name: Name
    title: Words
    when: Conditions = ()
    amount: Name
    portion: Name | None = None
    rate_ppm: Ppm


class SubsidyRate(Part):
    """The portion of the base that is subsidised where the conditions pass."""

    title: Words
    when: Conditions = ()
    rate_ppm: Ppm


class Subsidy(Part):
    """A subsidy on what was paid: gross → base under its caps → portion → quota.

    Gross is the fact ``amount``, times the fact ``rate`` where one is named. ``amount_caps`` reduce
    the amount and ``rate_cap_ppm`` the rate; both reduce the base and neither ends eligibility.
    ``rates`` is first match; where no row matches the subsidy is 0.
    """

    name: Name
    title: Words
    amount: Name
    rate: Name | None = None
    amount_caps: Annotated[tuple[Quantity, ...], Field(max_length=MAX_ROWS)] = ()
    rate_cap_ppm: Ppm | None = None
    eligibility: Conditions = ()
    rates: Annotated[tuple[SubsidyRate, ...], Field(min_length=1, max_length=MAX_ROWS)]
    quota: Quantity | None = None


class Ceiling(Part):
    """The most that a payback pays, less the facts that already fill it; it rounds down."""

    name: Name
    limit: Quantity
    used: Annotated[tuple[Name, ...], Field(max_length=MAX_ROWS)] = ()
    why: Words


class Payback(Part):
    """What is paid back to one who bore a loss: a portion of an amount, under ceilings.

    The first payback whose conditions pass together with those of one of its ``rates`` is
    taken; every ceiling lowers it.
    """

    name: Name
    title: Words
    when: Conditions = ()
    amount: Name
    rates: Annotated[tuple[SubsidyRate, ...], Field(min_length=1, max_length=MAX_ROWS)]
    ceilings: Annotated[tuple[Ceiling, ...], Field(max_length=MAX_ROWS)] = ()


class CapacityLimit(Part):
    """How much may be carried where the conditions pass."""

    title: Words
    when: Conditions = ()
    limit: Quantity


class Capacity(Part):
    """A limit on what one carries: the facts ``carried`` and ``asked`` together stay within it.

    ``limits`` is first match.
    """

    code: Name
    carried: Name
    asked: Name
    limits: Annotated[tuple[CapacityLimit, ...], Field(min_length=1, max_length=MAX_ROWS)]


class Evidence(Words):
    """A document that a step needs before it may go on."""

    code: Name
    step: Name


class Exclusivity(Words):
    """What may not be drawn beside this pack for the same case."""

    code: Name
    against: Annotated[tuple[PackId, ...], Field(max_length=MAX_ROWS)] = ()


class Pack(Part):
    """One version of one scheme's rules. A later optional section leaves old digests unchanged.

    ``applies_to`` names the kinds of cases that the scheme is for, in the words of the service that
    owns the pack.
    """

    id: PackId
    version: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    title: Words
    document_number: Text
    issuer: Words
    regions: Annotated[tuple[Region, ...], Field(min_length=1, max_length=MAX_ROWS)]
    valid_from: IsoDate
    valid_to: IsoDate | None = None
    source: Words
    illustrative: StrictBool = False
    applies_to: Annotated[tuple[Name, ...], Field(max_length=MAX_ROWS)] = ()
    readings: Annotated[tuple[Reading, ...], Field(max_length=MAX_ROWS)] = ()
    facts: Annotated[Mapping[Name, FactDeclaration], Field(max_length=MAX_ROWS)] = {}
    counters: Annotated[Mapping[Name, Words], Field(max_length=MAX_ROWS)] = {}
    metrics: Annotated[Mapping[Name, Words], Field(max_length=MAX_ROWS)] = {}
    benchmarks: Annotated[Mapping[Key, Words], Field(max_length=MAX_ROWS)] = {}
    parties: Annotated[tuple[Party, ...], Field(max_length=MAX_ROWS)] = ()
    ledger_party: Name | None = None
    tiers: Annotated[tuple[Tier, ...], Field(max_length=MAX_ROWS)] = ()
    caps: Annotated[tuple[Cap, ...], Field(max_length=MAX_ROWS)] = ()
    overflow: Mapping[Name, Mapping[Name, Ppm]] = {}
    limits: Annotated[tuple[Limit, ...], Field(max_length=MAX_ROWS)] = ()
    breakers: Annotated[tuple[Breaker, ...], Field(max_length=MAX_ROWS)] = ()
    deadlines: Annotated[tuple[Deadline, ...], Field(max_length=MAX_ROWS)] = ()
    fees: Annotated[tuple[Fee, ...], Field(max_length=MAX_ROWS)] = ()
    subsidies: Annotated[tuple[Subsidy, ...], Field(max_length=MAX_ROWS)] = ()
    paybacks: Annotated[tuple[Payback, ...], Field(max_length=MAX_ROWS)] = ()
    capacities: Annotated[tuple[Capacity, ...], Field(max_length=MAX_ROWS)] = ()
    evidence: Annotated[tuple[Evidence, ...], Field(max_length=MAX_ROWS)] = ()
    exclusivity: Annotated[tuple[Exclusivity, ...], Field(max_length=MAX_ROWS)] = ()
    examples: Annotated[tuple[AnyExample, ...], Field(min_length=1, max_length=MAX_ROWS)]

    @cached_property
    def digest(self) -> str:
        """``sha256:…`` over the canonical JSON of everything that the pack says."""
        return digest_of(self.model_dump(mode="json", exclude_defaults=True))

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Names of the parties in declared order, which breaks ties between odd fen."""
        return tuple(party.name for party in self.parties)

    def __copy__(self) -> Self:
        """Copy without what was computed from the original, so that a changed copy has its own."""
        copied = super().__copy__()
        for computed in ("digest", "order"):
            copied.__dict__.pop(computed, None)
        return copied

    def in_force(self, on: date) -> bool:
        """Tell whether ``on`` lies in the half-open period of validity."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)

    @property
    def reference(self) -> "PackReference":
        """What every decision keeps, to be run again years later."""
        return PackReference(id=self.id, version=self.version, digest=self.digest)


class PackReference(Part):
    """Which pack decided: id, version and digest."""

    id: PackId
    version: int
    digest: str
