"""Logs never show a secret or personal data."""

import pytest

from shared.logs import REDACTED, redact


class TestRedact:
    @pytest.mark.parametrize(
        "name", ["password", "api_token", "Authorization", "database_url", "payload", "phone"]
    )
    def test_blanks_values_by_their_name(self, name: str) -> None:
        assert redact(None, "info", {name: "anything"}) == {name: REDACTED}

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("postgresql://app:s3cret@host/db", f"postgresql://app:{REDACTED}@host/db"),
            ("id 11010519491231002X here", f"id {REDACTED} here"),
            ("call 13800138000", f"call {REDACTED}"),
            ("Bearer eyJhbGciOiJFZERTQSJ9.e30.c2ln", f"Bearer {REDACTED}"),
        ],
    )
    def test_blanks_secrets_inside_text(self, text: str, shown: str) -> None:
        assert redact(None, "info", {"event": text}) == {"event": shown}

    def test_looks_into_nested_values(self) -> None:
        entry = {"settings": {"secret_key": "x", "port": 1}, "list": ["13800138000"]}

        shown = redact(None, "info", entry)

        assert shown == {"settings": {"secret_key": REDACTED, "port": 1}, "list": [REDACTED]}

    def test_keeps_ids_and_enterprise_codes(self) -> None:
        entry = {"uscc": "91320706MA1N00018N", "loan_id": "01890a5d-ac96-774b-bcce-b302099a8057"}

        assert redact(None, "info", entry) == entry
