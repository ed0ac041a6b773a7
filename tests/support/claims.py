"""Claims on top of a scheme: a loan that goes bad, and the steps of its compensation."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import httpx

from shared.events.credit import Classification, LoanClassified
from tests.support.city import FIRM
from tests.support.guarantees import BANK, GUARANTOR, TODAY, Scheme, a_drawdown, a_request

Json = dict[str, Any]

DOCUMENT = {"kind": "loan_contract", "sha256": "a" * 64}
MAKER, CHECKER = "maker-1", "checker-2"


def a_classification(loan_id: UUID, **changes: object) -> LoanClassified:
    """Build the bank's word that a loan of 4,000,000 yuan is substandard, 3,333,333.33 owed."""
    classified: Json = {
        "loan_id": loan_id,
        "uscc": FIRM,
        "bank": BANK,
        "classification": "substandard",
        "principal_outstanding_fen": 333_333_333,
        "classified_on": TODAY,
    }
    return LoanClassified.model_validate(classified | changes)


def a_filing(guarantee_id: str, **changes: object) -> Json:
    """Build a claim over 3,333,333.33 yuan."""
    filing: Json = {
        "guarantee_id": guarantee_id,
        "principal_outstanding_fen": 333_333_333,
        "documents": [DOCUMENT],
    }
    return filing | changes


@dataclass(frozen=True)
class Claims:
    """The steps of claims over REST; every step reads the claim for its version first."""

    scheme: Scheme

    async def bad_loan(
        self,
        *,
        owed_fen: int = 333_333_333,
        classification: Classification | None = "substandard",
        drawn_on: date = TODAY,
        matures_on: date = date(2027, 3, 2),
        **request: object,
    ) -> str:
        """Enrol, draw and classify a loan; returns the id of its guarantee."""
        asked = a_request(**request)
        drawn = a_drawdown(asked, disbursed_on=drawn_on, matures_on=matures_on)
        await self.scheme.service.deliver(asked, drawn)
        if classification is not None:
            bad = a_classification(
                asked.loan_id,
                bank=asked.bank,
                uscc=asked.uscc,
                classification=classification,
                principal_outstanding_fen=owed_fen,
            )
            await self.scheme.service.deliver(bad)
        guarantee = await self.scheme.guarantee_of(asked.loan_id)
        assert guarantee["state"] == "effective", guarantee
        found: str = guarantee["guarantee_id"]
        return found

    async def file(self, guarantee_id: str, *, org: str = BANK, **changes: object) -> Json:
        """File a claim that must be taken."""
        answer = await self.try_file(a_filing(guarantee_id, **changes), org=org)
        assert answer.status_code == 201, answer.text
        found: Json = answer.json()
        return found

    async def try_file(self, body: Json, *, org: str = BANK, **more: str) -> httpx.Response:
        """File a claim."""
        return await self.scheme.post(
            "/v1/claims", body, org=org, scopes=("guarantee.claims:write",), **more
        )

    async def verify(self, claim_id: str, *, org: str = GUARANTOR) -> httpx.Response:
        """Verify as the guarantor's first person."""
        return await self._step(claim_id, "verify", {}, "guarantee.claims:verify", org, MAKER)

    async def approve(
        self, claim_id: str, *, org: str = GUARANTOR, by: str = CHECKER
    ) -> httpx.Response:
        """Approve as the guarantor's second person."""
        return await self._step(claim_id, "approve", {}, "guarantee.claims:approve", org, by)

    async def reject(self, claim_id: str, *, org: str = GUARANTOR) -> httpx.Response:
        """Reject as the guarantor."""
        body = {"reason": "材料不实"}
        return await self._step(claim_id, "reject", body, "guarantee.claims:verify", org, MAKER)

    async def pay(
        self, claim_id: str, party: str, *, org: str, paid_on: str = "2026-03-02"
    ) -> httpx.Response:
        """Pay a leg as an organisation."""
        body = {"paid_on": paid_on, "reference": f"payment of {party}"}
        return await self._step(claim_id, f"legs/{party}/pay", body, "guarantee.legs:pay", org)

    async def recover(
        self, claim_id: str, *, org: str = GUARANTOR, **changes: object
    ) -> httpx.Response:
        """Record cash that came back, as the guarantor."""
        body: Json = {
            "cash_fen": 100_000_000,
            "costs_fen": 5_000_000,
            "received_on": "2026-03-02",
            "reference": "recovery 1",
            **changes,
        }
        return await self._step(claim_id, "recoveries", body, "guarantee.recoveries:write", org)

    async def close(self, claim_id: str, *, org: str = GUARANTOR) -> httpx.Response:
        """Close as the guarantor."""
        return await self._step(claim_id, "close", {}, "guarantee.recoveries:write", org)

    async def read(self, claim_id: str) -> Json:
        """Read a claim as the auditor."""
        return await self._read(f"/v1/claims/{claim_id}")

    async def split(self, claim_id: str) -> Json:
        """Read a claim's split as the auditor."""
        return await self._read(f"/v1/claims/{claim_id}/split")

    async def approved(self, guarantee_id: str, **filing: int) -> Json:
        """File, verify and approve; returns the claim."""
        filed = await self.try_file(a_filing(guarantee_id, **filing))
        assert filed.status_code == 201, filed.text
        claim_id: str = filed.json()["claim_id"]
        verified = await self.verify(claim_id)
        assert verified.status_code == 200, verified.text
        approved = await self.approve(claim_id)
        assert approved.status_code == 200, approved.text
        found: Json = approved.json()
        return found

    async def settled(self, guarantee_id: str, **filing: int) -> Json:
        """Bring a claim to where every leg is paid; returns the claim."""
        claim = await self.approved(guarantee_id, **filing)
        for leg in claim["legs"]:
            if leg["amount_fen"]:
                paid = await self.pay(claim["claim_id"], leg["party"], org=leg["org"])
                assert paid.status_code == 200, paid.text
        return await self.read(claim["claim_id"])

    async def _read(self, path: str) -> Json:
        scopes = ("guarantee.claims:read", "guarantee.claims:read-all")
        return await self.scheme.read(path, scopes=scopes)

    async def _step(
        self, claim_id: str, step: str, body: Json, scope: str, org: str, sub: str = "tester"
    ) -> httpx.Response:
        current = await self.read(claim_id)
        return await self.scheme.post(
            f"/v1/claims/{claim_id}/{step}",
            body,
            org=org,
            scopes=(scope,),
            sub=sub,
            If_Match=f'"{current["version"]}"',
        )


def amounts(legs: list[Json], figure: str = "amount_fen") -> dict[str, int]:
    """Return a figure of every leg by party."""
    return {leg["party"]: leg[figure] for leg in legs}
