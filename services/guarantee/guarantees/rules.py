"""Guarantees (担保): an application becomes a letter, takes effect on drawdown, ends once.

Sources: 民法典 art. 686 (a contract silent on the type is a general guarantee), 692 and 693 (the
guarantee period, six months where the contract is silent; what is not claimed in it is released).
So the letter always names its type and its period. It pins the rule pack, the tier, the shares and
the facts of the enrolment date: a loss years later is split by them and by nothing newer. A loan
that was drawn before the day of its letter, or outside the programme because the letter came too
late for its bank, was lent without it: the letter never takes effect for it, and is released at
once, which bank and guarantor see as its reason.

    applied → declined
            → issued → effective (the loan is drawn) → closed (claim and recovery are over)
            → issued or effective → released (it ends without a claim)

Example: 5,000,000 yuan enrolled, 4,000,000 drawn: the cover is 4,000,000, for a guarantee is
accessory to the debt; matured 2027-03-02 with a period of 6 months, claims are heard to 2027-09-02.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.guarantee.programmes.rules import PinnedPack
from shared.errors import Conflict, NotFound, Violation, ensure
from shared.events.guarantee import (
    GuaranteeApplied,
    GuaranteeClosed,
    GuaranteeDeclined,
    GuaranteeReleased,
    GuaranteeTookEffect,
    GuaranteeType,
    LetterIssued,
    ReleaseReason,
)

GuaranteeId = NewType("GuaranteeId", UUID)


class GuaranteeNotFound(NotFound):
    """No such guarantee, or not for this organisation."""

    code = "guarantee-not-found"
    title_zh = "未找到担保"
    title_en = "Guarantee not found"


class GuaranteeNotInForce(Conflict):
    """The guarantee was declined, has not taken effect, or has ended."""

    code = "guarantee-not-in-force"
    title_zh = "担保未在有效状态"
    title_en = "Guarantee not in force"


BROUGHT_BY_THE_BANK = frozenset(
    {"/amount_fen", "/bank", "/guaranteed_amount_fen", "/rate_ppm", "/signed_on", "/tenor_months"}
)
"""Fields of a refusal whose figure is the bank's own: of its loan, or of its breaker."""


class GuaranteeState(StrEnum):
    """Where a guarantee stands."""

    DECLINED = "declined"
    ISSUED = "issued"
    EFFECTIVE = "effective"
    CLOSED = "closed"
    RELEASED = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What a bank asks: this loan into that programme, backed by this guarantor."""

    loan_id: UUID
    uscc: str
    bank: str
    guarantor: str
    programme: str
    amount_fen: int
    rate_ppm: int
    tenor_months: int
    signed_on: date
    requested_on: date


@dataclass(frozen=True, slots=True)
class PartyShare:
    """One party of the pack, the organisation that stands for it here, and its share."""

    party: str
    org: str
    share_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """The terms of the letter, pinned on the enrolment date.

    ``shares`` are in the order that the pack declares, which breaks ties between odd fen;
    ``facts`` are those that the pack read, to be given to its split again.
    """

    pack: PinnedPack
    tier: str
    shares: tuple[PartyShare, ...]
    facts: Mapping[str, object]
    fund: str
    ledger_party: str
    commitment_fen: int
    guarantee_type: GuaranteeType
    period_months: int
    due_days: int
    issued_on: date

    def org_of(self, party: str) -> str:
        """Return the organisation that stands for a party; a ``KeyError`` for a stranger."""
        return {share.party: share.org for share in self.shares}[party]

    @property
    def orgs(self) -> Mapping[str, str]:
        """Organisations by party, in the pack's order."""
        return {share.party: share.org for share in self.shares}


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """One guarantee with the application that it answers."""

    id: GuaranteeId
    application: Application
    state: GuaranteeState
    decided_on: date
    cover: Cover | None = None
    refusals: tuple[Violation, ...] = ()
    drawn_fen: int | None = None
    effective_on: date | None = None
    matures_on: date | None = None
    closed_on: date | None = None
    released_on: date | None = None
    release_reason: ReleaseReason | None = None

    @property
    def letter(self) -> Cover:
        """The letter's terms; raises :class:`GuaranteeNotInForce` for a declined application."""
        if self.cover is None:
            raise GuaranteeNotInForce(f"guarantee {self.id} was declined")
        return self.cover

    @property
    def covered_fen(self) -> int:
        """The principal that is guaranteed: what was drawn, at most what was enrolled."""
        return min(self.drawn_fen or 0, self.application.amount_fen)

    @property
    def viewers(self) -> tuple[str, ...]:
        """Organisations that may read it: bank, guarantor, every party of the pack, the fund."""
        orgs = [self.application.bank, self.application.guarantor]
        if self.cover is not None:
            orgs += [*self.cover.orgs.values(), self.cover.fund]
        return tuple(dict.fromkeys(orgs))


def decline(
    guarantee_id: GuaranteeId,
    application: Application,
    *,
    refusals: tuple[Violation, ...],
    today: date,
) -> tuple[Guarantee, tuple[GuaranteeApplied, GuaranteeDeclined]]:
    """Answer an application that the programme refuses; every refusal is kept and published."""
    guarantee = Guarantee(
        id=guarantee_id,
        application=application,
        state=GuaranteeState.DECLINED,
        decided_on=today,
        refusals=refusals,
    )
    declined = GuaranteeDeclined(
        guarantee_id=guarantee_id,
        loan_id=application.loan_id,
        programme=application.programme,
        refusal_codes=tuple(dict.fromkeys(refusal.code for refusal in refusals)),
    )
    return guarantee, (_applied(guarantee), declined)


def issue(
    guarantee_id: GuaranteeId, application: Application, *, cover: Cover
) -> tuple[Guarantee, tuple[GuaranteeApplied, LetterIssued]]:
    """Issue the letter (保函) for an application that the programme takes."""
    guarantee = Guarantee(
        id=guarantee_id,
        application=application,
        state=GuaranteeState.ISSUED,
        decided_on=cover.issued_on,
        cover=cover,
    )
    letter = LetterIssued(
        guarantee_id=guarantee_id,
        loan_id=application.loan_id,
        uscc=application.uscc,
        bank=application.bank,
        guarantor=application.guarantor,
        programme=application.programme,
        amount_fen=application.amount_fen,
        guarantee_type=cover.guarantee_type,
        period_months=cover.period_months,
        rule_pack_id=cover.pack.id,
        rule_pack_version=cover.pack.version,
        rule_pack_digest=cover.pack.digest_hex,
        tier=cover.tier,
        issued_on=cover.issued_on,
    )
    return guarantee, (_applied(guarantee), letter)


def refusal_of_drawdown(
    guarantee: Guarantee, *, drawn_on: date, programme: str | None
) -> ReleaseReason | None:
    """Return why the letter does not take effect by a drawdown, or None if it does.

    ``programme`` is where the bank had the loan enrolled when it drew it.
    """
    if programme != guarantee.application.programme:
        return "drawn_without_enrolment"
    return "drawn_before_letter" if drawn_on < guarantee.letter.issued_on else None


def take_effect(
    guarantee: Guarantee, *, drawn_fen: int, drawn_on: date, matures_on: date
) -> tuple[Guarantee, GuaranteeTookEffect]:
    """Bring the letter into force on drawdown; raises :class:`GuaranteeNotInForce` otherwise."""
    if guarantee.state is not GuaranteeState.ISSUED:
        raise GuaranteeNotInForce(f"guarantee {guarantee.id} is {guarantee.state}, not issued")
    ensure(drawn_on >= guarantee.letter.issued_on, "no guarantee takes effect before its letter")
    effective = replace(
        guarantee,
        state=GuaranteeState.EFFECTIVE,
        drawn_fen=drawn_fen,
        effective_on=drawn_on,
        matures_on=matures_on,
    )
    event = GuaranteeTookEffect(
        guarantee_id=guarantee.id,
        loan_id=guarantee.application.loan_id,
        amount_fen=effective.covered_fen,
        effective_on=drawn_on,
    )
    return effective, event


def close(guarantee: Guarantee, *, today: date) -> tuple[Guarantee, GuaranteeClosed]:
    """End a guarantee in force; raises :class:`GuaranteeNotInForce` if it is not."""
    if guarantee.state is not GuaranteeState.EFFECTIVE:
        raise GuaranteeNotInForce(f"guarantee {guarantee.id} is {guarantee.state}, not effective")
    closed = replace(guarantee, state=GuaranteeState.CLOSED, closed_on=today)
    event = GuaranteeClosed(
        guarantee_id=guarantee.id, loan_id=guarantee.application.loan_id, closed_on=today
    )
    return closed, event


def release(
    guarantee: Guarantee, *, reason: ReleaseReason, today: date
) -> tuple[Guarantee, GuaranteeReleased]:
    """End a guarantee without a claim; raises :class:`GuaranteeNotInForce` if it has ended."""
    if guarantee.state not in {GuaranteeState.ISSUED, GuaranteeState.EFFECTIVE}:
        raise GuaranteeNotInForce(f"guarantee {guarantee.id} is {guarantee.state}")
    released = replace(
        guarantee, state=GuaranteeState.RELEASED, released_on=today, release_reason=reason
    )
    event = GuaranteeReleased(
        guarantee_id=guarantee.id,
        loan_id=guarantee.application.loan_id,
        reason=reason,
        released_on=today,
    )
    return released, event


def _applied(guarantee: Guarantee) -> GuaranteeApplied:
    application = guarantee.application
    return GuaranteeApplied(
        guarantee_id=guarantee.id,
        loan_id=application.loan_id,
        uscc=application.uscc,
        bank=application.bank,
        guarantor=application.guarantor,
        programme=application.programme,
        amount_fen=application.amount_fen,
    )
