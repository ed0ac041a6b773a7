"""Requests of a bank's reports; they are answered with the loan as it then stands."""

from typing import Annotated

from pydantic import Field

from shared.events.credit import Classification
from shared.web.fields import Body, Day, Fen


class ReportOverdue(Body):
    """Since when payments are overdue, and how much principal is out."""

    overdue_since: Day
    principal_outstanding_fen: Fen
    reported_on: Day


class Settle(Body):
    """When the loan was repaid in full."""

    settled_on: Day


class Classify(Body):
    """The five-class classification."""

    classification: Annotated[Classification, Field(examples=["substandard"])]
    principal_outstanding_fen: Fen
    classified_on: Day
