"""What a pack promises: inputs, and the outputs that it must give for them."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from shared.rulepack.fields import FactInput, Fen, IsoDate, Key, Name, Part, Text, Whole


class Example(Part):
    """Inputs and the outputs that the pack must give for them."""

    name: Text
    on: IsoDate
    facts: Mapping[Name, FactInput] = {}


class SplitExample(Example):
    """A loss and what each party bears, or the code of the refusal."""

    kind: Literal["split"]
    loss_fen: Fen
    recovered_fen: Fen = 0
    counters: Mapping[Name, Fen] = {}
    amounts: Mapping[Name, Fen] = {}
    refused: Text | None = None


class RecoveryExample(Example):
    """Cash that comes back later and what each party receives of it."""

    kind: Literal["recovery"]
    borne: Mapping[Name, Fen]
    cash_fen: Fen
    costs_fen: Fen = 0
    amounts: Mapping[Name, Fen]
    surplus_fen: Fen = 0


class TermsExample(Example):
    """Terms and the codes that refuse or warn, in declared order."""

    kind: Literal["terms"]
    benchmarks: Mapping[Key, Whole] = {}
    refusals: tuple[Name, ...] = ()
    warnings: tuple[Name, ...] = ()


class BreakerExample(Example):
    """Metrics and the state that they put the breaker into."""

    kind: Literal["breaker"]
    metrics: Mapping[Name, Fen]
    state: Literal["normal", "warning", "suspended"]


class FeeExample(Example):
    """Facts and the fee for them."""

    kind: Literal["fee"]
    fee_fen: Fen


class SubsidyExample(Example):
    """Facts and the three amounts of the subsidy for them."""

    kind: Literal["subsidy"]
    gross_fen: Fen
    base_fen: Fen
    subsidy_fen: Fen


class PaybackExample(Example):
    """Facts and what is paid back for them."""

    kind: Literal["payback"]
    payback_fen: Fen


class CapacityExample(Example):
    """Facts, the codes that refuse, and what could have been taken on."""

    kind: Literal["capacity"]
    refusals: tuple[Name, ...] = ()
    headroom_fen: Mapping[Name, Fen]


AnyExample = Annotated[
    SplitExample
    | RecoveryExample
    | TermsExample
    | BreakerExample
    | FeeExample
    | SubsidyExample
    | PaybackExample
    | CapacityExample,
    Field(discriminator="kind"),
]
