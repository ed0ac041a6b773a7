"""Many rows in one JSON body: each is read by itself, so that a bad one stops no other."""

from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, ValidationError, WithJsonSchema

from shared.errors import DomainError, Malformed
from shared.web.fields import Body, View
from shared.web.problem import Title, ViolationView, problem_of
from shared.web.words import framework_violation

B = TypeVar("B", bound=Body)

RowNumber = Annotated[int, Field(description="place in the request, the first is 1", examples=[1])]


class RowRefusal(View):
    """Why one row was refused: what a problem document says, without what all rows share."""

    code: str = Field(description="stable; branch on this", examples=["claim-not-found"])
    title: Annotated[Title, Field(examples=[{"zh": "未找到代偿申请", "en": "Claim not found"}])]
    detail: str = Field(examples=["no claim 01890a5d-ac96-774b-bcce-b302099a8057"])
    action: Annotated[Title, Field(examples=[{"zh": "请核对编号。", "en": "Check the id."}])]
    violations: list[ViolationView]

    @classmethod
    def of(cls, refusal: DomainError) -> Self:
        """Show a refusal."""
        problem = problem_of(refusal)
        return cls(
            code=problem.code,
            title=problem.title,
            detail=problem.detail,
            action=problem.action,
            violations=problem.violations,
        )


def row_schema(model: type[Body]) -> WithJsonSchema:
    """Describe a row that :func:`read_row` reads, for the OpenAPI document; no nested models."""
    schema: dict[str, Any] = model.model_json_schema()
    return WithJsonSchema(schema)


def read_row(model: type[B], given: object) -> B | Malformed:
    """Read one row, or say what is wrong with it, field by field."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        found = tuple(
            framework_violation({**each, "loc": ("body", *each["loc"])}) for each in error.errors()
        )
        return Malformed(f"{len(found)} thing(s) wrong with the row", violations=found)
