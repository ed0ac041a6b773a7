"""Requests and responses of the enterprises."""

from typing import Annotated, Self

from pydantic import Field

from services.registry.enterprises.rules import Enterprise, Profile, Stored
from shared.errors import Violation
from shared.events.fields import Region, Word
from shared.events.registry import TaxGrade
from shared.uscc import Uscc
from shared.web.fields import Body, Count, Fen, OrgCode, Text, UsccField, View


class RegisterEnterprise(Body):
    """An enterprise; region is a GB/T 2260 code of the city, chain one of the ten."""

    uscc: UsccField
    name: Text
    region: Region
    chain: Annotated[Word, Field(examples=["new_energy"])]

    def enterprise(self, by: str) -> Enterprise:
        """Return the enterprise as an organisation states it."""
        return Enterprise(
            uscc=Uscc(self.uscc),
            name=self.name,
            region=self.region,
            chain=self.chain,
            registered_by=by,
        )


class RecordProfile(Body):
    """Figures that a department records; sales of last year in fen."""

    staff: Count
    sales_fen: Fen
    tax_grade: Annotated[TaxGrade, Field(examples=["A"])]

    def profile(self, by: str) -> Profile:
        """Return the figures as a department states them."""
        return Profile(
            staff=self.staff,
            sales_fen=self.sales_fen,
            tax_grade=self.tax_grade,
            recorded_by=by,
        )


class ProfileView(View):
    """Figures about an enterprise."""

    staff: Count
    sales_fen: Fen
    tax_grade: Annotated[TaxGrade, Field(examples=["A"])]
    recorded_by: OrgCode

    @classmethod
    def of(cls, profile: Profile) -> Self:
        """Show the figures."""
        return cls(
            staff=profile.staff,
            sales_fen=profile.sales_fen,
            tax_grade=profile.tax_grade,
            recorded_by=profile.recorded_by,
        )


class EnterpriseView(View):
    """What anyone may know of an enterprise, and its figures for who recorded them.

    ``profile`` is null for everyone else, whether there are figures or not: they go out through the
    feed ``enterprise-profiles``, which asks for a grant and logs each disclosure.
    """

    uscc: UsccField
    name: Text
    region: Region
    chain: Annotated[Word, Field(examples=["new_energy"])]
    profile: ProfileView | None
    version: Count

    @classmethod
    def of(cls, stored: Stored, *, reader: str | None) -> Self:
        """Show a stored enterprise to one organisation; None reads the figures of any."""
        entry = stored.enterprise
        profile = entry.profile_for(reader)
        return cls(
            uscc=entry.uscc.code,
            name=entry.name,
            region=entry.region,
            chain=entry.chain,
            profile=None if profile is None else ProfileView.of(profile),
            version=stored.version,
        )


class CheckUscc(Body):
    """A text that may be a unified social credit code."""

    uscc: Annotated[str, Field(max_length=200, examples=["91350100M000100Y43"])]


class UsccReason(View):
    """One reason why a text is no code."""

    code: str = Field(examples=["code_check"])
    zh: str = Field(examples=["第 18 位(校验码,GB 32100)不符"])
    en: str = Field(examples=["character 18 does not match"])


class UsccAnswer(View):
    """Whether a text is a unified social credit code, and why not."""

    valid: bool = Field(examples=[False])
    reasons: list[UsccReason]

    @classmethod
    def of(cls, reasons: tuple[Violation, ...]) -> Self:
        """Show the reasons."""
        shown = [UsccReason(code=found.code, zh=found.zh, en=found.en) for found in reasons]
        return cls(valid=not shown, reasons=shown)
