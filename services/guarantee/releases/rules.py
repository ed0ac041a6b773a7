"""Releases (解除): a guarantee that ends without a claim gives back what it holds.

Sources: 民法典 art. 393 and 691 (a guarantee is accessory: it ends with its debt), 692 and 693 (a
guarantor of whom nothing is claimed within the guarantee period is free), 694 (what was claimed in
time outlives the period). So a repaid loan releases its guarantee, a withdrawn loan its letter, and
the end of the period a guarantee under which nothing was ever claimed: a claim is taken within the
period only, and one that was rejected may be filed anew. While a claim is not rejected the
guarantee stays, whatever becomes of the loan; its rejection asks again.

A last day on a holiday moves to the next working day (art. 203), here as for claims.

Example: matured 2026-02-28 with a period of six months, nothing claimed: the last day is
2026-08-28, and on 2026-08-29 the 140,000,000 fen that the fund committed are free.
"""

from collections.abc import Collection
from datetime import date

from services.guarantee.claims.rules import ClaimState
from services.guarantee.guarantees.rules import Guarantee, GuaranteeState
from services.guarantee.known.rules import KnownLoan
from shared.calendar import add_months
from shared.events.guarantee import ReleaseReason


def why_release(
    guarantee: Guarantee,
    *,
    loan: KnownLoan | None,
    claims: Collection[ClaimState],
    period_is_over: bool,
) -> ReleaseReason | None:
    """Return why a guarantee in force ends now, or None: it stays, or has ended already.

    Asked when the loan is repaid, when a claim is rejected and when the period is over, in whatever
    order these come, and how often.
    """
    if guarantee.state is not GuaranteeState.EFFECTIVE:
        return None
    if any(state is not ClaimState.REJECTED for state in claims):
        return None
    if loan is not None and loan.closed_on is not None:
        return "settled"
    return "expired" if period_is_over and not claims else None


def why_release_undrawn(guarantee: Guarantee) -> ReleaseReason | None:
    """Return why the letter of a withdrawn loan ends, or None if it has ended already."""
    return "withdrawn" if guarantee.state is GuaranteeState.ISSUED else None


def last_day(guarantee: Guarantee) -> date | None:
    """Return the period's last day, before it is moved off a holiday, of a guarantee in force."""
    if guarantee.state is not GuaranteeState.EFFECTIVE or guarantee.matures_on is None:
        return None
    return add_months(guarantee.matures_on, guarantee.letter.period_months)
