"""Requests and responses of the pilot qualifications."""

from typing import Annotated, Self

from pydantic import Field

from services.insurance.qualifications.rules import EquipmentKind
from services.insurance.qualifications.store import Stored
from shared.events.insurance import Pilot
from shared.web.fields import (
    Body,
    Count,
    Day,
    Fen,
    Id,
    OrgCode,
    PositiveFen,
    Text,
    UsccField,
    View,
)


class ConfirmQualification(Body):
    """A product that may be insured as a pilot, and the quota of its subsidy."""

    uscc: UsccField
    pilot: Annotated[Pilot, Field(examples=["first_set"])]
    equipment_kind: Annotated[EquipmentKind, Field(examples=["whole"])]
    product: Text
    equipment_value_fen: PositiveFen
    quota_fen: Fen
    valid_from: Day
    valid_to: Day


class QualificationView(View):
    """A recognised product; ``valid_to`` is exclusive."""

    qualification_id: Id
    uscc: UsccField
    pilot: Annotated[Pilot, Field(examples=["first_set"])]
    equipment_kind: Annotated[EquipmentKind, Field(examples=["whole"])]
    product: Text
    equipment_value_fen: Fen
    quota_fen: Fen
    confirmed_by: OrgCode
    valid_from: Day
    valid_to: Day
    version: Count

    @classmethod
    def of(cls, stored: Stored) -> Self:
        """Show a stored qualification."""
        entry = stored.qualification
        return cls(
            qualification_id=entry.id,
            uscc=entry.uscc.code,
            pilot=entry.pilot,
            equipment_kind=entry.equipment_kind,
            product=entry.product,
            equipment_value_fen=entry.equipment_value_fen,
            quota_fen=entry.quota_fen,
            confirmed_by=entry.confirmed_by,
            valid_from=entry.valid_from,
            valid_to=entry.valid_to,
            version=stored.version,
        )
