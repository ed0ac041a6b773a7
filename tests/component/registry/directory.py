"""A small directory for registry's tests."""

from tests.support.service import ServiceUnderTest

KINDS = {"bank-haizhou": "bank", "bank-ganyu": "bank", "dept-kj": "department"}


def entry_of(code: str, **changes: str | None) -> dict[str, str | None]:
    """Return the body of an entry: a bank, open since 2019, unless changed."""
    return {
        "code": code,
        "kind": "bank",
        "name_zh": "示例机构",
        "name_en": "Example",
        "uscc": None,
        "region": "320700",
        "valid_from": "2019-01-01",
        "valid_to": None,
        **changes,
    }


async def register_institutions(registry: ServiceUnderTest) -> None:
    """Enter two banks and a department."""
    for code, kind in KINDS.items():
        headers = registry.headers("operator", "registry.institutions:write")
        answer = await registry.client.post(
            "/v1/institutions", json=entry_of(code, kind=kind), headers=headers
        )
        assert answer.status_code == 201
