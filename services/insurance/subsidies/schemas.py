"""Requests and responses of the premium subsidies."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field

from services.insurance.subsidies.rules import SubsidyState
from services.insurance.subsidies.store import Stored
from shared.events.fields import PackId
from shared.web.fields import Body, Count, Day, Fen, Id, UsccField, View


class FileSubsidy(Body):
    """An application for the subsidy of one policy's premium."""

    policy_id: Id
    rule_pack: Annotated[PackId, Field(examples=["first-set-2025"])]


class PaySubsidy(Body):
    """When the subsidy was paid out."""

    paid_on: Day


class SubsidyView(View):
    """An application with its decision: inputs, figures, trace, pack."""

    subsidy_id: Id
    policy_id: Id
    uscc: UsccField
    rule_pack: Annotated[PackId, Field(examples=["first-set-2025"])]
    state: Annotated[SubsidyState, Field(examples=["approved"])]
    filed_on: Day
    subsidy_fen: Fen | None
    decision: Annotated[
        Mapping[str, Any] | None, Field(examples=[{"subsidy_base_fen": 100, "subsidy_fen": 80}])
    ]
    paid_on: Day | None
    version: Count

    @classmethod
    def of(cls, stored: Stored) -> Self:
        """Show a stored application."""
        entry = stored.subsidy
        return cls(
            subsidy_id=entry.id,
            policy_id=entry.policy_id,
            uscc=entry.uscc.code,
            rule_pack=entry.rule_pack,
            state=entry.state,
            filed_on=entry.filed_on,
            subsidy_fen=entry.subsidy_fen,
            decision=entry.decision,
            paid_on=entry.paid_on,
            version=stored.version,
        )
