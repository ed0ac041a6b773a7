"""Events that credit publishes: financing demands and loans, as the banks report them."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.events.envelope import DataClass, Event
from shared.events.fields import Day, Days, Fen, Id, Months, OrgCode, RatePpm, Text, UsccText
from shared.events.operation_parts import OperationFacts

Classification = Literal["normal", "special_mention", "substandard", "doubtful", "loss"]
"""Five-class loan classification (商业银行金融资产风险分类办法, Order 2023 No. 1)."""


class DemandSubmitted(Event):
    """An enterprise asked for financing (融资需求)."""

    TYPE: ClassVar[str] = "credit.demand.submitted.v1"
    SUBJECT: ClassVar[str] = "demand_id"

    demand_id: Id
    uscc: UsccText
    amount_fen: Fen
    tenor_months: Months
    purpose: Text


class OfferMade(Event):
    """A bank offered terms for a demand."""

    TYPE: ClassVar[str] = "credit.demand.offer_made.v1"
    SUBJECT: ClassVar[str] = "demand_id"

    demand_id: Id
    offer_id: Id
    bank: OrgCode
    amount_fen: Fen
    rate_ppm: RatePpm
    tenor_months: Months


class OfferAccepted(Event):
    """The enterprise accepted one offer; the others lapsed."""

    TYPE: ClassVar[str] = "credit.demand.offer_accepted.v1"
    SUBJECT: ClassVar[str] = "demand_id"

    demand_id: Id
    offer_id: Id
    bank: OrgCode


class LoanContracted(Event):
    """A bank and an enterprise signed a loan contract."""

    TYPE: ClassVar[str] = "credit.loan.contracted.v1"
    SUBJECT: ClassVar[str] = "loan_id"

    loan_id: Id
    demand_id: Id | None
    bank_reference: Text
    uscc: UsccText
    bank: OrgCode
    amount_fen: Fen
    rate_ppm: RatePpm
    tenor_months: Months
    signed_on: Day


class EnrolmentRequested(Event):
    """The bank asked to enrol (备案) the loan in a programme, guaranteed by a named guarantor."""

    TYPE: ClassVar[str] = "credit.loan.enrolment_requested.v1"
    SUBJECT: ClassVar[str] = "loan_id"

    loan_id: Id
    uscc: UsccText
    bank: OrgCode
    programme: OrgCode
    guarantor: OrgCode
    amount_fen: Fen
    rate_ppm: RatePpm
    tenor_months: Months
    signed_on: Day
    requested_on: Day


class LoanEnrolled(Event):
    """The guarantee's letter reached the loan: it is enrolled and may be drawn."""

    TYPE: ClassVar[str] = "credit.loan.enrolled.v1"
    SUBJECT: ClassVar[str] = "loan_id"

    loan_id: Id
    guarantee_id: Id
    programme: OrgCode


class EnrolmentRefused(Event):
    """The programme refused the loan, or did not answer in time."""

    TYPE: ClassVar[str] = "credit.loan.enrolment_refused.v1"
    SUBJECT: ClassVar[str] = "loan_id"

    loan_id: Id
    programme: OrgCode
    refusal_codes: tuple[OrgCode, ...]


class LoanDisbursed(Event):
    """The bank paid the loan out (放款); ``programme`` is null for one that is not enrolled."""

    TYPE: ClassVar[str] = "credit.loan.disbursed.v1"
    SUBJECT: ClassVar[str] = "loan_id"

    loan_id: Id
    uscc: UsccText
    bank: OrgCode
    amount_fen: Fen
    disbursed_on: Day
    matures_on: Day
    programme: OrgCode | None = None


class OverdueReported(Event):
    """The bank reported that payments are overdue (逾期)."""

    TYPE: ClassVar[str] = "credit.loan.overdue_reported.v1"
    SUBJECT: ClassVar[str] = "loan_id"

    loan_id: Id
    uscc: UsccText
    bank: OrgCode
    overdue_since: Day
    days_overdue: Days
    principal_outstanding_fen: Fen
    reported_on: Day


class LoanClassified(Event):
    """The bank placed the loan in one of the five classes (五级分类)."""

    TYPE: ClassVar[str] = "credit.loan.classified.v1"
    SUBJECT: ClassVar[str] = "loan_id"

    loan_id: Id
    uscc: UsccText
    bank: OrgCode
    classification: Annotated[Classification, Field(examples=["substandard"])]
    principal_outstanding_fen: Fen
    classified_on: Day


class LoanSettled(Event):
    """The loan was repaid in full (结清): nothing is outstanding any more."""

    TYPE: ClassVar[str] = "credit.loan.settled.v1"
    SUBJECT: ClassVar[str] = "loan_id"

    loan_id: Id
    uscc: UsccText
    bank: OrgCode
    settled_on: Day


class LoanWithdrawn(Event):
    """The contract was given up before the loan was drawn (撤销)."""

    TYPE: ClassVar[str] = "credit.loan.withdrawn.v1"
    SUBJECT: ClassVar[str] = "loan_id"

    loan_id: Id
    uscc: UsccText
    bank: OrgCode
    withdrawn_on: Day


class LoanCompensated(Event):
    """The parties bore the loss of the loan: the bank's claim was settled (代偿)."""

    TYPE: ClassVar[str] = "credit.loan.compensated.v1"
    SUBJECT: ClassVar[str] = "loan_id"

    loan_id: Id
    claim_id: Id
    compensated_fen: Fen


class LoanClosed(Event):
    """Nothing more is expected of the loan: recovery is over."""

    TYPE: ClassVar[str] = "credit.loan.closed.v1"
    SUBJECT: ClassVar[str] = "loan_id"

    loan_id: Id
    closed_on: Day


class EnrolmentDeadlineReached(Event):
    """The time within which a programme must answer an enrolment request is over."""

    TYPE: ClassVar[str] = "credit.process.enrolment_deadline_reached.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "loan_id"

    loan_id: Id


class OperationExecuted(OperationFacts, Event):
    """An operation on this service's event stores was carried out."""

    TYPE: ClassVar[str] = "credit.operation.executed.v1"
    DATA_CLASS: ClassVar[DataClass] = DataClass.INTERNAL
    SUBJECT: ClassVar[str] = "operation_id"
