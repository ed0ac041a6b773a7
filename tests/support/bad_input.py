"""Read refusals: what a service answers to bad input, by status, code and the field it names."""

import httpx

PROBLEM = "application/problem+json"


def assert_refused(
    answer: httpx.Response, status: int, code: str, *, field: str | None = None
) -> None:
    """Check that an answer is this refusal, in both languages, and names the field if one is given.

    ``field`` is the JSON pointer of a body's field (``/uscc``) or the name of a file's column.
    """
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith(PROBLEM)
    problem = answer.json()
    assert problem["code"] == code, answer.text
    assert problem["status"] == status
    for text in ("title", "action"):
        assert problem[text]["zh"], text
        assert problem[text]["en"], text
    if field is not None:
        named = [violation.get("field") for violation in problem["violations"]]
        assert field in named, f"{field} is not among {named}"
