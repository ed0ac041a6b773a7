"""A small directory for registry's tests."""

from tests.support.service import ServiceUnderTest

KINDS = {"bank-haizhou": "bank", "bank-ganyu": "bank", "dept-kj": "department"}


async def register_institutions(registry: ServiceUnderTest) -> None:
    """Enter two banks and a department."""
    for code, kind in KINDS.items():
        body = {
            "code": code,
            "kind": kind,
            "name_zh": "示例机构",
            "name_en": "Example",
            "uscc": None,
            "region": "320700",
            "valid_from": "2019-01-01",
            "valid_to": None,
        }
        headers = registry.headers("operator", "registry.institutions:write")
        answer = await registry.client.post("/v1/institutions", json=body, headers=headers)
        assert answer.status_code == 201
