"""What the REST answers about a whole case: the parts are those of the single reads."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from services.guarantee.casefiles.handlers import MOST, CaseFile, ClaimFile
from services.guarantee.claims.schemas import ClaimView
from services.guarantee.fund.schemas import PostingView
from services.guarantee.guarantees.schemas import GuaranteeView
from services.guarantee.losses.schemas import SplitView
from services.guarantee.recoveries.schemas import RecoveryView
from shared.web.fields import Fen, View


class ClaimFileView(View):
    """A claim, its split with the arithmetic once it is approved, and what came back."""

    claim: ClaimView
    split: SplitView | None
    picture: str | None = Field(
        description="where the split is drawn", examples=["/v1/claims/0189…/split.svg"]
    )
    recoveries: list[RecoveryView]

    @classmethod
    def of(cls, filed: ClaimFile) -> Self:
        """Show a claim's part of the file."""
        case, split = filed.case, filed.split
        claim_id = UUID(str(case.claim.id))
        return cls(
            claim=ClaimView.of(case),
            split=None
            if split is None
            else SplitView.of(claim_id, split, case.legs, version=case.version),
            picture=None if split is None else f"/v1/claims/{claim_id}/split.svg",
            recoveries=[RecoveryView.of(each) for each in filed.recoveries[:MOST]],
        )


class SumsView(View):
    """What the parts add up to; amounts are fen."""

    lost_fen: Annotated[Fen, Field(description="Σ eligible losses", examples=[333_333_333])]
    paid_fen: Annotated[Fen, Field(description="Σ legs that were paid", examples=[333_333_333])]
    recovered_fen: Annotated[
        Fen, Field(description="Σ of what came back to the parties", examples=[75_000_000])
    ]

    @classmethod
    def of(cls, file: CaseFile) -> Self:
        """Add up."""
        legs = [leg for filed in file.claims for leg in filed.case.legs]
        return cls(
            lost_fen=sum(leg.base_fen for leg in legs),
            paid_fen=sum(leg.amount_fen for leg in legs if leg.paid_on is not None),
            recovered_fen=sum(leg.recovered_fen for leg in legs),
        )


class CaseFileView(View):
    """Everything about one guarantee, as of one instant."""

    guarantee: GuaranteeView
    rule_pack: Annotated[
        dict[str, Any] | None,
        Field(
            description="the pack that the letter pins, whole", examples=[{"id": "sip-yuankedai"}]
        ),
    ]
    claims: list[ClaimFileView]
    sums: SumsView
    postings: list[PostingView] | None = Field(
        description="what the fund booked for it; null for who may not see the fund's ledger"
    )
    timeline: str = Field(
        description="where notify tells what happened, over all services",
        examples=["/v1/cases/01890a5d-ac96-774b-bcce-b302099a8057/timeline"],
    )
    complete: bool = Field(
        description=f"false where a claim has more than {MOST} recoveries or the file more postings"
    )
    version: int = Field(examples=[3])

    @classmethod
    def for_reader(cls, file: CaseFile, reader: str | None) -> Self:
        """Show a file to an organisation, or whole to None."""
        pack = file.pack
        return cls(
            guarantee=GuaranteeView.for_reader(reader)(file.guarantee),
            rule_pack=None if pack is None else pack.model_dump(mode="json", exclude_none=True),
            claims=[ClaimFileView.of(filed) for filed in file.claims],
            sums=SumsView.of(file),
            postings=None
            if file.postings is None
            else [PostingView.of(booked) for booked in file.postings],
            timeline=f"/v1/cases/{file.guarantee.guarantee.id}/timeline",
            complete=file.complete,
            version=file.version,
        )
