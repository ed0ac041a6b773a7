"""What guarantee does on events: it learns of firms and loans, and decides on enrolments."""

from services.guarantee.breakers import handlers as breakers
from services.guarantee.enrolments import handlers as enrolments
from services.guarantee.guarantees import handlers as guarantees
from services.guarantee.known import handlers as known
from services.guarantee.processes import handlers as processes
from services.guarantee.releases import handlers as releases
from services.guarantee.rulebook.handlers import RULEBOOK
from shared.db.database import Transaction
from shared.events.credit import (
    EnrolmentRequested,
    LoanClassified,
    LoanClosed,
    LoanDisbursed,
    LoanSettled,
    LoanWithdrawn,
    OverdueReported,
)
from shared.events.envelope import Received
from shared.events.guarantee import ClaimDeadlineReached, ClaimRejected, GuaranteePeriodEnded
from shared.events.registry import (
    EnterpriseRegistered,
    InstitutionRegistered,
    ListMemberAdded,
    QualificationAmended,
    QualificationGranted,
    QualificationRevoked,
)
from shared.messaging.apply import Subscriptions
from shared.messaging.turns import in_turn
from shared.operations.rebuild import ReadModel

LEARNS: Subscriptions = {
    InstitutionRegistered: known.on_institution_registered,
    EnterpriseRegistered: known.on_enterprise_registered,
    ListMemberAdded: known.on_list_member_added,
    QualificationGranted: known.on_qualification_recorded,
    QualificationAmended: known.on_qualification_recorded,
    QualificationRevoked: known.on_qualification_revoked,
    LoanDisbursed: known.on_loan_disbursed,
    OverdueReported: known.on_overdue_reported,
    LoanClassified: known.on_loan_classified,
    LoanClosed: known.on_loan_closed,
    LoanSettled: known.on_loan_settled,
}
READ_MODELS = (
    ReadModel(
        "known",
        (
            "known_institution",
            "known_enterprise",
            "known_list_member",
            "known_qualification",
            "known_loan",
            "known_loan_fact",
        ),
        LEARNS,
    ),
)


async def on_enrolment_requested(work: Transaction, received: Received[EnrolmentRequested]) -> None:
    """Decide on an enrolment by the packs of the moment."""
    await enrolments.decide_request(work, received.data, packs=await RULEBOOK.current(work))


async def on_loan_classified(work: Transaction, received: Received[LoanClassified]) -> None:
    """Let the breakers look at a loan by the packs of the moment."""
    await breakers.on_loan_classified(work, received, packs=await RULEBOOK.current(work))


SUBSCRIPTIONS: Subscriptions = {
    **LEARNS,
    EnrolmentRequested: on_enrolment_requested,
    LoanDisbursed: in_turn(
        known.on_loan_disbursed, guarantees.on_loan_disbursed, releases.on_loan_disbursed
    ),
    LoanClassified: in_turn(known.on_loan_classified, on_loan_classified),
    LoanSettled: in_turn(known.on_loan_settled, releases.on_loan_settled),
    LoanWithdrawn: releases.on_loan_withdrawn,
    ClaimRejected: releases.on_claim_rejected,
    GuaranteePeriodEnded: releases.on_period_ended,
    ClaimDeadlineReached: processes.on_deadline_reached,
}
