"""Words in Chinese and English for what the web framework itself refuses."""

from collections.abc import Mapping
from typing import Any

from shared.errors import Violation

_STATUS = {
    400: ("bad-request", "请求有误", "Bad request"),
    401: ("unauthenticated", "未认证", "Unauthenticated"),
    403: ("forbidden", "无权操作", "Forbidden"),
    404: ("not-found", "未找到", "Not found"),
    405: ("method-not-allowed", "不支持的方法", "Method not allowed"),
    409: ("conflict", "状态冲突或违反规则", "Conflict or rule violation"),
    410: ("gone", "已超出保留期", "Past retention"),
    412: ("stale-version", "版本已过期", "Stale version"),
    413: ("body-too-large", "请求体过大", "Request body too large"),
    415: ("unsupported-media-type", "请求体类型不受支持", "Unsupported media type"),
    422: ("malformed", "请求内容有误", "Malformed input"),
    428: ("precondition-required", "需要 If-Match", "If-Match required"),
    503: ("temporarily-unavailable", "暂时不可用", "Temporarily unavailable"),
}

_REASONS = {
    "missing": "缺少必填字段",
    "extra_forbidden": "不允许的字段",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数,不得含小数",
    "string_type": "应为字符串",
    "string_too_short": "长度不足",
    "string_too_long": "长度超限",
    "string_pattern_mismatch": "格式不符",
    "bool_type": "应为布尔值",
    "greater_than_equal": "小于下限",
    "greater_than": "应大于下限",
    "less_than_equal": "大于上限",
    "less_than": "应小于上限",
    "literal_error": "不在允许的取值内",
    "enum": "不在允许的取值内",
    "date_from_datetime_parsing": "日期格式应为 YYYY-MM-DD",
    "date_parsing": "日期格式应为 YYYY-MM-DD",
    "date_type": "日期格式应为 YYYY-MM-DD",
    "uuid_parsing": "应为 UUID",
    "uuid_type": "应为 UUID",
    "json_invalid": "不是有效的 JSON",
    "too_short": "条目过少",
    "too_long": "条目过多",
    "list_type": "应为数组",
    "model_attributes_type": "应为对象",
    "model_type": "应为对象",
    "dict_type": "应为对象",
}

_LIMIT_KEYS = ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern", "expected")
_SHOWN = 80


def words_of_status(status: int) -> tuple[str, str, str]:
    """Return the stable code and the title in both languages of a plain HTTP status."""
    return _STATUS.get(status, (f"http-{status}", "请求被拒绝", "Request refused"))


def framework_violation(found: Mapping[str, Any]) -> Violation:
    """Turn one of pydantic's findings into a violation with a JSON pointer."""
    place = [str(part) for part in found["loc"]]
    if place and place[0] == "body":
        place = place[1:]
    kind = str(found["type"])
    context = found.get("ctx") or {}
    limit = next((context[key] for key in _LIMIT_KEYS if key in context), None)
    given = found.get("input")
    shown: str | int | None = None
    if isinstance(given, str):
        shown = given[:_SHOWN]
    elif isinstance(given, int) and not isinstance(given, bool):
        shown = given
    return Violation(
        code=kind.replace("_", "-"),
        zh=_REASONS.get(kind, "内容不符合要求"),
        en=str(found["msg"]),
        field="/" + "/".join(place),
        limit=limit if isinstance(limit, str | int) else None if limit is None else str(limit),
        actual=shown,
    )
