"""SQL of splits and legs; maps rows to the rules' types. The claim's row lock guards its legs."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from services.guarantee.losses.rules import Decided, Leg, Split, SplitNotFound
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


async def save_legs(work: Transaction, legs: Iterable[tuple[UUID, Leg]]) -> None:
    """Store what was paid and what came back of legs whose claims are locked."""
    given = list(legs)
    tag = await work.execute(
        "UPDATE loss_leg SET paid_on = given.paid_on, reference = given.reference, "
        "recovered_fen = given.recovered_fen FROM unnest($1::uuid[], $2::text[], $3::date[], "
        "$4::text[], $5::bigint[]) AS given (claim_id, party, paid_on, reference, recovered_fen) "
        "WHERE loss_leg.claim_id = given.claim_id AND loss_leg.party = given.party",
        [claim_id for claim_id, _ in given],
        [leg.party for _, leg in given],
        [leg.paid_on for _, leg in given],
        [leg.reference for _, leg in given],
        [leg.recovered_fen for _, leg in given],
    )
    ensure(tag == f"UPDATE {len(given)}", "a leg of a locked claim exists")


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
    return _split(row)


async def count_decided(work: Transaction, *, programme: str, year: int) -> int:
    """Count the losses of a programme that were decided on in a year."""
    found: int = await work.fetchval(
        "SELECT count(*) FROM loss_split JOIN claim ON claim.id = claim_id "
        "WHERE programme = $1 AND year = $2",
        programme,
        year,
    )
    return found


async def decided(
    work: Transaction, *, programme: str, year: int, after: int, limit: int
) -> list[Decided]:
    """Read the next decisions of a programme and a year with their legs, in their order."""
    rows = await work.fetch(
        "SELECT loss_split.* FROM loss_split JOIN claim ON claim.id = claim_id "
        "WHERE programme = $1 AND year = $2 AND position > $3 ORDER BY position LIMIT $4",
        programme,
        year,
        after,
        limit,
    )
    legs = await legs_of(work, [row["claim_id"] for row in rows])
    return [
        Decided(row["position"], row["claim_id"], _split(row), legs[row["claim_id"]])
        for row in rows
    ]


def _leg_row(leg: Leg) -> tuple[object, ...]:
    return tuple(getattr(leg, name) for name in _LEG.split(", "))


def _leg(row: Row) -> Leg:
    return Leg(**{name: row[name] for name in _LEG.split(", ")})


def _split(row: Row) -> Split:
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
