"""RFC 9457 problem details: the one map from error kinds to HTTP, in Chinese and English."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from shared import logs
from shared.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Gone,
    Malformed,
    NotFound,
    RuleViolation,
    StaleVersion,
    Transient,
    Violation,
)
from shared.telemetry import current_trace_id
from shared.web.words import framework_violation, words_of_status

_LOG = logs.get("tongzhou.web")
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2


class Unauthenticated(DomainError):
    """The caller showed no valid token."""

    code = "unauthenticated"
    title_zh = "未认证"
    title_en = "Unauthenticated"
    action_zh = "请携带有效的 Bearer 令牌。"
    action_en = "Send a valid bearer token."


class BodyTooLarge(DomainError):
    """The request body is larger than the service reads."""

    code = "body-too-large"
    title_zh = "请求体过大"
    title_en = "Request body too large"
    action_zh = "请拆分为多个较小的请求。"
    action_en = "Split it into several smaller requests."


class BadRequest(DomainError):
    """A header that the contract requires is missing or unusable."""

    code = "bad-request"
    title_zh = "请求头缺失或有误"
    title_en = "Missing or unusable header"


class UnsupportedMediaType(DomainError):
    """The body is of a type that the endpoint does not read."""

    code = "unsupported-media-type"
    title_zh = "请求体类型不受支持"
    title_en = "Unsupported media type"
    action_zh = "请按接口说明设置 Content-Type。"
    action_en = "Send the Content-Type that the endpoint reads."


class PreconditionRequired(DomainError):
    """A change must say which version it changes."""

    code = "precondition-required"
    title_zh = "需要 If-Match"
    title_en = "If-Match required"
    action_zh = "请先读取资源,并在 If-Match 中带回其 ETag。"
    action_en = "Read the resource and send its ETag in If-Match."


STATUS_BY_KIND: tuple[tuple[type[DomainError], int], ...] = (
    (Unauthenticated, 401),
    (BodyTooLarge, 413),
    (UnsupportedMediaType, 415),
    (BadRequest, 400),
    (PreconditionRequired, 428),
    (StaleVersion, 412),
    (Gone, 410),
    (NotFound, 404),
    (Conflict, 409),
    (RuleViolation, 409),
    (Malformed, 422),
    (Forbidden, 403),
    (Transient, 503),
)
"""First match wins: a kind's special case stands before the kind."""


class ViolationView(BaseModel):
    """One thing wrong with the request."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(examples=["length"])
    zh: str = Field(examples=["应为 18 位,实际 17 位"])
    en: str = Field(examples=["must have 18 characters, has 17"])
    field: str | None = Field(default=None, examples=["/uscc"])
    limit: str | int | None = Field(default=None, examples=[18])
    actual: str | int | None = Field(default=None, examples=[17])


class Title(BaseModel):
    """A title in both languages."""

    zh: str = Field(examples=["请求内容有误"])
    en: str = Field(examples=["Malformed input"])


class Problem(BaseModel):
    """The body of every error answer."""

    type: str = Field(examples=["/problems/invalid-uscc"])
    code: str = Field(description="stable; branch on this", examples=["invalid-uscc"])
    title: Annotated[Title, Field(examples=[{"zh": "请求内容有误", "en": "Malformed input"}])]
    status: int = Field(examples=[422])
    detail: str = Field(examples=["must have 18 characters, has 17"])
    action: Annotated[Title, Field(examples=[{"zh": "请更正请求。", "en": "Correct the request."}])]
    retryable: bool = Field(examples=[False])
    violations: list[ViolationView] = Field(default_factory=list)
    trace_id: str | None = Field(default=None, examples=["0af7651916cd43dd8448eb211c80319c"])


def status_of(error: DomainError) -> int:
    """Return the HTTP status of an error's kind; a kind without one is a defect."""
    for kind, status in STATUS_BY_KIND:
        if isinstance(error, kind):
            return status
    raise LookupError(f"{type(error).__name__} has no HTTP status")


def problem_of(error: DomainError) -> Problem:
    """Describe an expected refusal."""
    status = status_of(error)
    return Problem(
        type=f"/problems/{error.code}",
        code=error.code,
        title=Title(zh=error.title_zh, en=error.title_en),
        status=status,
        detail=error.detail,
        action=Title(zh=error.action_zh, en=error.action_en),
        retryable=isinstance(error, Transient),
        violations=[_view(violation) for violation in error.violations],
        trace_id=current_trace_id(),
    )


def _view(violation: Violation) -> ViolationView:
    return ViolationView(
        code=violation.code,
        zh=violation.zh,
        en=violation.en,
        field=violation.field,
        limit=violation.limit,
        actual=violation.actual,
    )


def respond(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return the problem as an HTTP response."""
    extra = dict(headers or {})
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        extra.setdefault("Retry-After", str(RETRY_AFTER_S))
    if problem.status == HTTPStatus.UNAUTHORIZED:
        extra.setdefault("WWW-Authenticate", "Bearer")
    return Response(
        problem.model_dump_json(exclude_none=True),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=extra,
    )


def link_header(links: Mapping[str, str]) -> str:
    """Write targets by relation as one ``Link`` header (RFC 8288); empty for none."""
    return ", ".join(f'<{target}>; rel="{relation}"' for relation, target in links.items())


async def on_domain_error(_request: Request, error: Exception) -> Response:
    """Answer an expected refusal; it is logged at info, nobody has to act."""
    if not isinstance(error, DomainError):
        raise error
    _LOG.info("request.refused", code=error.code)
    links = link_header(error.links)
    return respond(problem_of(error), {"Link": links} if links else None)


async def on_invalid_request(_request: Request, error: Exception) -> Response:
    """Answer what the framework found wrong with the request, field by field."""
    if not isinstance(error, RequestValidationError):
        raise error
    violations = tuple(framework_violation(found) for found in error.errors())
    count = len(violations)
    refusal = Malformed(f"{count} thing(s) wrong with the request", violations=violations)
    return respond(problem_of(refusal))


async def on_http_exception(_request: Request, error: Exception) -> Response:
    """Answer the framework's own refusals: no such path, wrong method."""
    if not isinstance(error, HTTPException):
        raise error
    code, zh, en = words_of_status(error.status_code)
    problem = Problem(
        type=f"/problems/{code}",
        code=code,
        title=Title(zh=zh, en=en),
        status=error.status_code,
        detail=str(error.detail),
        action=Title(zh="请对照 /openapi.json 检查路径与方法。", en="Check path and method."),
        retryable=False,
        trace_id=current_trace_id(),
    )
    return respond(problem, error.headers)


async def on_defect(_request: Request, error: Exception) -> Response:
    """Answer what nobody foresaw without showing any of it; somebody must change code."""
    _LOG.error("request.failed", exc_info=error)
    problem = Problem(
        type="/problems/internal-error",
        code="internal-error",
        title=Title(zh="内部错误", en="Internal error"),
        status=500,
        detail="an unexpected error; it has been logged under the trace id",
        action=Title(zh="请将 trace_id 提供给运营方。", en="Give the trace_id to the operator."),
        retryable=False,
        trace_id=current_trace_id(),
    )
    return respond(problem)


def problems(
    *statuses: Literal[400, 401, 403, 404, 409, 410, 412, 413, 415, 422, 428, 503],
) -> dict[int | str, dict[str, Any]]:
    """Declare a route's error answers for its OpenAPI, each with an example."""
    always = (401, 403, 422, 503)
    return {
        status: {"model": Problem, "description": en, "content": _example(status, code, zh, en)}
        for status in sorted({*statuses, *always})
        for code, zh, en in [words_of_status(status)]
    }


def _example(status: int, code: str, zh: str, en: str) -> dict[str, Any]:
    example = {
        "type": f"/problems/{code}",
        "code": code,
        "title": {"zh": zh, "en": en},
        "status": status,
        "detail": en,
        "action": {"zh": "请更正后重试。", "en": "Correct the request and send it again."},
        "retryable": status == HTTPStatus.SERVICE_UNAVAILABLE,
        "violations": [],
    }
    return {MEDIA_TYPE: {"example": example}}


def publish_problems(document: dict[str, Any]) -> dict[str, Any]:
    """Say in an OpenAPI document that errors are problem details, not plain JSON."""
    for methods in document["paths"].values():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                if status >= "400":
                    _as_problem(response.get("content", {}))
    return document


def _as_problem(content: dict[str, Any]) -> None:
    for media_type in [*content]:
        if media_type != MEDIA_TYPE:
            content.setdefault(MEDIA_TYPE, {}).update(content.pop(media_type))


HANDLERS: Sequence[tuple[type[Exception], Any]] = (
    (DomainError, on_domain_error),
    (RequestValidationError, on_invalid_request),
    (HTTPException, on_http_exception),
    (Exception, on_defect),
)
