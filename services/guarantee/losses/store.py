"""SQL of splits and legs; maps rows to the rules' types. The claim's row lock guards its legs."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from services.guarantee.losses.rules import Leg, Split, SplitNotFound
from services.guarantee.programmes.rules import PinnedPack
from shared.db.database import Row, Transaction
from shared.errors import ensure

_LEG = (
    "party, org, share_ppm, base_fen, capped_fen, overflow_fen, due_on, paid_on, reference, "
    "recovered_fen"
)


async def insert(work: Transaction, claim_id: UUID, split: Split, legs: Sequence[Leg]) -> None:
    """Store a decision with its legs, in the pack's order of parties."""
    await work.execute(
        "INSERT INTO loss_split (claim_id, rule_pack_id, rule_pack_version, rule_pack_digest, "
        "tier, pack_on, loss_fen, recovered_fen, eligible_loss_fen, facts, counters, "
        "counter_moves, year, trace, digest, decided_on) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        claim_id,
        split.pack.id,
        split.pack.version,
        split.pack.digest,
        split.tier,
        split.on,
        split.loss_fen,
        split.recovered_fen,
        split.eligible_loss_fen,
        dict(split.facts),
        dict(split.counters),
        dict(split.counter_moves),
        split.year,
        [dict(step) for step in split.trace],
        split.digest,
        split.decided_on,
    )
    await work.executemany(
        f"INSERT INTO loss_leg (claim_id, place, {_LEG}) "  # noqa: S608 - constant columns
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        [(claim_id, place, *_leg_row(leg)) for place, leg in enumerate(legs)],
    )


async def save_legs(work: Transaction, claim_id: UUID, legs: Iterable[Leg]) -> None:
    """Store what was paid and what came back of legs whose claim is locked."""
    for leg in legs:
        tag = await work.execute(
            "UPDATE loss_leg SET paid_on = $3, reference = $4, recovered_fen = $5 "
            "WHERE claim_id = $1 AND party = $2",
            claim_id,
            leg.party,
            leg.paid_on,
            leg.reference,
            leg.recovered_fen,
        )
        ensure(tag == "UPDATE 1", "a leg of a locked claim exists")


async def legs_of(work: Transaction, claim_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Leg, ...]]:
    """Read the legs of several claims; a claim that is not split has none."""
    rows = await work.fetch(
        f"SELECT claim_id, {_LEG} FROM loss_leg "  # noqa: S608 - constant columns
        "WHERE claim_id = ANY($1) ORDER BY claim_id, place",
        list(claim_ids),
    )
    found: dict[UUID, tuple[Leg, ...]] = dict.fromkeys(claim_ids, ())
    for row in rows:
        found[row["claim_id"]] += (_leg(row),)
    return found


async def get_split(work: Transaction, claim_id: UUID) -> Split:
    """Read a decision; raises SplitNotFound for a claim that is not approved."""
    row = await work.fetchrow("SELECT * FROM loss_split WHERE claim_id = $1", claim_id)
    if row is None:
        raise SplitNotFound(f"the loss of claim {claim_id} is not split")
    return Split(
        pack=PinnedPack(row["rule_pack_id"], row["rule_pack_version"], row["rule_pack_digest"]),
        tier=row["tier"],
        on=row["pack_on"],
        loss_fen=row["loss_fen"],
        recovered_fen=row["recovered_fen"],
        eligible_loss_fen=row["eligible_loss_fen"],
        facts=row["facts"],
        counters=row["counters"],
        counter_moves=row["counter_moves"],
        year=row["year"],
        trace=tuple(row["trace"]),
        digest=row["digest"],
        decided_on=row["decided_on"],
    )


def _leg_row(leg: Leg) -> tuple[object, ...]:
    return tuple(getattr(leg, name) for name in _LEG.split(", "))


def _leg(row: Row) -> Leg:
    return Leg(**{name: row[name] for name in _LEG.split(", ")})
