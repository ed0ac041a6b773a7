"""Requests and responses of the directory."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field

from services.registry.institutions.handlers import ImportedRow
from services.registry.institutions.rules import Institution
from services.registry.institutions.store import Stored
from shared.events.fields import Region
from shared.events.registry import InstitutionKind
from shared.web.csv_upload import RowNumber, RowReason
from shared.web.fields import Body, Count, Day, OrgCode, Text, UsccField, View
from shared.web.paging import Page


class RegisterInstitution(Body):
    """One entry of the directory; ``valid_to`` is exclusive, null while open."""

    code: OrgCode
    kind: Annotated[InstitutionKind, Field(examples=["bank"])]
    name_zh: Text
    name_en: Text
    uscc: UsccField | None
    region: Region
    valid_from: Day
    valid_to: Day | None

    def institution(self) -> Institution:
        """Return the entry."""
        return Institution(
            code=self.code,
            kind=self.kind,
            name_zh=self.name_zh,
            name_en=self.name_en,
            uscc=self.uscc,
            region=self.region,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
        )


class InstitutionView(View):
    """An entry as everybody may see it."""

    code: OrgCode
    kind: Annotated[InstitutionKind, Field(examples=["bank"])]
    name_zh: Text
    name_en: Text
    uscc: UsccField | None
    region: Region
    valid_from: Day
    valid_to: Day | None
    version: Count

    @classmethod
    def of(cls, stored: Stored) -> Self:
        """Show a stored entry."""
        entry = stored.institution
        return cls(
            code=entry.code,
            kind=entry.kind,
            name_zh=entry.name_zh,
            name_en=entry.name_en,
            uscc=entry.uscc,
            region=entry.region,
            valid_from=entry.valid_from,
            valid_to=entry.valid_to,
            version=stored.version,
        )


class ImportedInstitution(View):
    """What became of one row."""

    row: RowNumber
    code: str = Field(examples=["bank-haizhou"])
    accepted: bool = Field(examples=[True])
    reasons: list[RowReason]


class InstitutionImport(View):
    """The report of an import."""

    accepted: Count
    rejected: Count
    rows: list[ImportedInstitution]

    @classmethod
    def of(cls, rows: Sequence[ImportedRow]) -> Self:
        """Show what became of every row."""
        shown = [
            ImportedInstitution(
                row=row.number,
                code=row.code,
                accepted=not row.reasons,
                reasons=[RowReason.of(reason) for reason in row.reasons],
            )
            for row in rows
        ]
        accepted = sum(row.accepted for row in shown)
        return cls(accepted=accepted, rejected=len(shown) - accepted, rows=shown)


InstitutionPage = Page[InstitutionView]
