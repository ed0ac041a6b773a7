"""Logs never show a secret or personal data."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

import asyncpg
import pytest
import structlog
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError

from shared import logs
from shared.logs import redact
from shared.redaction import REDACTED

# Not in the lines that a traceback shows.
NAME, TYPED = "张三", "李四"
ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


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
            ("redis://:s3cret@host/0", f"redis://:{REDACTED}@host/0"),
            ("authorization: bearer opaque-1234", f"authorization: bearer {REDACTED}"),
            ("token=Bearer opaque-1234 sent", f"token={REDACTED} sent"),
            ("host=db password=hunter2 port=1", f"host=db password={REDACTED} port=1"),
            ("{'name_zh': '张 三', 'n': 1}", f"{{'name_zh': {REDACTED}, 'n': 1}}"),
            ("[input_value='李四', input_type=str]", f"[input_value={REDACTED}, input_type=str]"),
            ("DETAIL:  Key (name)=(张三) exists", f"DETAIL:  {REDACTED}"),
            ("query argument $1: '李四' (not an int)", f"query argument $1: {REDACTED}"),
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

    @pytest.mark.parametrize(
        "found",
        [
            "0af7651916cd43d13800138000eb2113",
            "01890a5d-ac96-774b-bcce-b13800138000",
            "no bearer token",
            "the token is refused: DecodeError",
            "2026-03-02T01:00:00.123456Z",
        ],
    )
    def test_keeps_text_that_only_resembles_a_secret(self, found: str) -> None:
        assert redact(None, "info", {"trace_id": found}) == {"trace_id": found}


class TestNumbers:
    @pytest.mark.parametrize(
        ("name", "number"),
        [
            ("number", 13_800_138_000),
            ("number", 110105194912310021),
            ("subject_id", 110105194912310021),
        ],
    )
    def test_of_people_are_blanked(self, name: str, number: int) -> None:
        assert redact(None, "info", {name: number}) == {name: REDACTED}

    @pytest.mark.parametrize(
        ("name", "number"),
        [
            ("amount_fen", 13_800_138_000),
            ("amount_fen", 110105194912310021),
            ("offset", 13_800_138_000),
            ("position", 110105194912310021),
            ("event_id", 13_800_138_000),
            ("elapsed_ns", 13_800_138_000),
            ("count", 13_800_138_000),
            ("anything", 12_800_138_000),
            ("anything", 999_999_999_999_999_999),
            ("anything", True),
            ("rate", 0.5),
        ],
    )
    def test_of_money_and_positions_stay(self, name: str, number: float) -> None:
        assert redact(None, "info", {name: number}) == {name: number}


@dataclass
class Person:
    name: str
    phone: int


class Stage(StrEnum):
    FILED = "filed"


class TestObjects:
    @pytest.mark.parametrize(
        ("found", "shown"),
        [
            (ID, str(ID)),
            (date(2026, 3, 2), "2026-03-02"),
            (Stage.FILED, "filed"),
            ((ID, None), [str(ID), None]),
            ({ID: 1}, {str(ID): 1}),
        ],
    )
    def test_of_known_types_show_their_value(self, found: object, shown: object) -> None:
        assert redact(None, "info", {"found": found}) == {"found": shown}

    @pytest.mark.parametrize(
        ("found", "shown"),
        [
            (Person("张三", 13_800_138_000), "<Person>"),
            ("张三".encode(), "<6 bytes>"),
            ({13_800_138_000}, [REDACTED]),
            (frozenset({"13800138000"}), [REDACTED]),
            ({"13800138000": 1}, {REDACTED: 1}),
            (
                ValueError("call 13800138000 for 张三"),
                f"ValueError: call {REDACTED} for {REDACTED}",
            ),
            ([{"a": [Person("张三", 1)]}], [{"a": ["<Person>"]}]),
        ],
    )
    def test_show_nothing_of_what_they_hold(self, found: object, shown: object) -> None:
        assert redact(None, "info", {"found": found}) == {"found": shown}

    def test_that_hold_themselves_end(self) -> None:
        endless: list[object] = []
        endless.append(endless)

        assert REDACTED in str(redact(None, "info", {"found": endless}))


class Form(BaseModel):
    owner: str
    age: int


def _refused_form() -> Exception:
    with pytest.raises(ValueError, match="age") as refused:
        Form.model_validate({"owner": NAME, "age": TYPED})
    return refused.value


def _refused_row() -> asyncpg.PostgresError:
    fields = {
        "S": "ERROR",
        "C": "23505",
        "M": "duplicate key value 张三",
        "D": "Key (name)=(张三) already exists.",
        "n": "enterprise_name_key",
        "t": "enterprise",
    }
    return asyncpg.PostgresError.new(fields)


def _written(message: str, *arguments: object) -> logging.LogRecord:
    """Hand a library's record to our handler alone: that of the test run is stricter."""
    record = logging.LogRecord("lib", logging.WARNING, __file__, 1, message, arguments, None)
    logging.getLogger().handlers[0].handle(record)
    return record


class TestLines:
    @pytest.fixture
    def out(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
        """What the process writes, with the logging of the test run put back afterwards."""
        written = io.StringIO()
        monkeypatch.setattr(sys, "stdout", written)
        root = logging.getLogger()
        handlers, level = root.handlers[:], root.level
        logs.set_up("test", as_json=True)
        yield written
        root.handlers[:], root.level = handlers, level
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (_refused_form(), "ValidationError: 1 fault(s): age int_parsing"),
            (
                _refused_row(),
                "UniqueViolationError: sqlstate=23505 table=enterprise"
                " constraint=enterprise_name_key",
            ),
            (
                IntegrityError("INSERT", {"name": "张三"}, _refused_row()),
                "IntegrityError: UniqueViolationError: sqlstate=23505",
            ),
            (
                RequestValidationError([{"loc": ("body", "age"), "type": "int", "input": "李四"}]),
                "RequestValidationError: 1 fault(s): body.age int",
            ),
            (ValueError("no 李四 at 13800138000"), f"ValueError: no {REDACTED} at {REDACTED}"),
        ],
        ids=lambda part: type(part).__name__,
    )
    @pytest.mark.parametrize("logger", ["ours", "a library's"])
    def test_tell_an_error_without_what_it_quotes(
        self, out: io.StringIO, error: Exception, said: str, logger: str
    ) -> None:
        def fail() -> None:
            raise RuntimeError("outer") from ExceptionGroup("all", [error])

        try:
            fail()
        except RuntimeError as outer:
            if logger == "ours":
                logs.get("t").error("failed", exc_info=outer)
            else:
                logging.getLogger("lib").exception("failed: %s", error)

        line = out.getvalue()
        assert said in json.loads(line)["exception"]
        assert "RuntimeError: outer" in line
        assert "in fail" in line
        assert not {"张三", "李四", "13800138000"} & set(line.replace("'", " ").split())
        assert "张三" not in line
        assert "李四" not in line

    @pytest.mark.parametrize(
        ("message", "arguments", "shown"),
        [
            ("got %s", ({"password": "hunter2", "name_zh": "张三", "n": 1},), "'n': 1"),
            ("got %(name_zh)s %(n)d", ({"name_zh": "张三", "n": 1},), f"got {REDACTED} 1"),
            ("got %(phone)d", ({"phone": 13_800_138_000},), "got %(phone)d"),
            ("got %s and %r", ([Person("张三", 1)], b"hunter2"), "<Person>"),
            ("call %d after %.1f s", (13_800_138_000, 1.5), f"call {REDACTED} after 1.5 s"),
            ("offset %d", ("hunter2",), "offset %d"),
        ],
    )
    def test_of_libraries_are_redacted_by_argument(
        self, out: io.StringIO, message: str, arguments: tuple[object, ...], shown: str
    ) -> None:
        _written(message, *arguments)

        event = json.loads(out.getvalue())["event"]
        assert shown in event
        assert not [secret for secret in ("hunter2", "张三", "13800138000") if secret in event]

    def test_leave_the_record_to_other_handlers(self, out: io.StringIO) -> None:
        record = _written("got %s", {"password": "x"})

        assert out.getvalue()
        assert record.getMessage() == "got {'password': 'x'}"
