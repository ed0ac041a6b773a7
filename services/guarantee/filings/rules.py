"""Filings with re-guarantors (再担保备案): every month, what took effect in it, with its fee.

Sources: in Jiangsu the guarantor files its projects every month with the re-guarantee fee, and a
filing is the precondition of reimbursement (domain.md §3). So a guarantee is to be filed by the end
of the month in which it took effect, the end of the last day of the month files all that are not,
and from the next day on a re-guarantor pays nothing under a guarantee that is not filed.

The fee is what the pinned pack asks of the party: of 国家融资担保基金, 0.3 % of the re-guaranteed
part up to 5,000,000 yuan a guarantee and 0.5 % above.

Example: effective 2026-03-02, 4,000,000 yuan, 35 %: filed 2026-03-31 for 4,200.00 yuan.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from services.guarantee.guarantees.rules import Guarantee
from shared.calendar import add_months
from shared.errors import NotFound, RuleViolation
from shared.rulepack.fees import quote_fee
from shared.rulepack.pack import Pack

_DAY = timedelta(days=1)


class NotFiled(RuleViolation):
    """The guarantee was not filed with the re-guarantor in time: it reimburses nothing."""

    code = "not-filed"
    title_zh = "未向再担保机构备案"
    title_en = "Not filed with the re-guarantor"
    action_zh = "请先完成月末备案批次，再申请再担保补偿。"
    action_en = "Run the month's filing batch first, then ask again."


class FilingsNotFound(NotFound):
    """Nothing was filed with this organisation in this month, or not for this reader."""

    code = "filings-not-found"
    title_zh = "未找到备案批次"
    title_en = "Filing batch not found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """One guarantee in the batch of a month; ``fee_fen`` is None where the pack asks none."""

    guarantee_id: UUID
    party: str
    org: str
    month: date
    filed_on: date
    guaranteed_fen: int
    share_ppm: int
    fee_fen: int | None

    @property
    def is_late(self) -> bool:
        """Tell whether the month was over when it was filed."""
        return self.filed_on > last_of(self.month)


def last_of(day: date) -> date:
    """Return the last day of a day's month."""
    return add_months(day.replace(day=1), 1) - _DAY


def is_month_end(day: date) -> bool:
    """Tell whether a day is the last of its month."""
    return day == last_of(day)


def filings_of(
    guarantee: Guarantee, pack: Pack, *, reguarantors: frozenset[str], on: date
) -> list[Filing]:
    """File a guarantee in force with every re-guarantor, and with whom its pack asks a fee for."""
    cover, effective_on = guarantee.letter, guarantee.effective_on or on
    found: list[Filing] = []
    for share in cover.shares:
        fee_fen = _fee(pack, cover.facts, share.party, share.share_ppm, guarantee.covered_fen)
        if share.org in reguarantors or fee_fen is not None:
            found.append(
                Filing(
                    guarantee_id=guarantee.id,
                    party=share.party,
                    org=share.org,
                    month=effective_on.replace(day=1),
                    filed_on=on,
                    guaranteed_fen=guarantee.covered_fen,
                    share_ppm=share.share_ppm,
                    fee_fen=fee_fen,
                )
            )
    return found


def _fee(
    pack: Pack, facts: Mapping[str, object], party: str, share_ppm: int, guaranteed_fen: int
) -> int | None:
    portion = f"{party}_share_ppm"
    if not any(fee.portion == portion for fee in pack.fees):
        return None
    given = {**facts, "guaranteed_amount_fen": guaranteed_fen, portion: share_ppm}
    declared = {name: value for name, value in given.items() if name in pack.facts}
    return quote_fee(pack, facts=declared).fee_fen


def require_filed(*, filed: bool, effective_on: date | None, today: date) -> None:
    """Raise :class:`NotFiled` for a guarantee that was not filed though its month is over."""
    if not filed and effective_on is not None and today > last_of(effective_on):
        raise NotFiled(f"in force since {effective_on}, to be filed by {last_of(effective_on)}")
