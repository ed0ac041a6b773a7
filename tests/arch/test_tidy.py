"""Each tidy check passes on this checkout, and has been seen to fail on a planted violation."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.arch import source, tidy
from tests.arch.tidy import Check

ROOT = Path(__file__).parents[2]
LONG_BODY = "\n".join(f"    x{number} = {number}" for number in range(60))
NESTED = """
def f(rows):
    for row in rows:
        if row:
            with row:
                while row:
                    if row is rows:
                        return row
"""
THICK_ROUTE = f"""
@router.post("/v1/things")
async def create():
{LONG_BODY[: LONG_BODY.index("x20")]}
"""
SERVICE = {
    f"services/toll/{name}": ""
    for name in (*tidy.SERVICE_FILES, "migrations/env.py", "migrations/versions/v1.py")
}
INDEX = {"docs/adr/README.md": "- [0001](0001-one.md)\n", "docs/adr/0001-one.md": "# One\n"}
PURE = "from fractions import Fraction\n\nHALF = Fraction(1, 2)\n"

CLEAN: Mapping[str, str] = {
    **SERVICE,
    **INDEX,
    "pyproject.toml": "[tool.mypy]\nstrict = true\n",
    "services/toll/app.py": (
        "from services.toll.gates import handlers, routes, rules, schemas\n"
        "from services.toll import subscriptions\n"
        "from services.toll.lanes import handlers\n"
        "from shared import clock, money\n"
        "from shared.messaging import kafka\n"
        "START = clock.now\n"
    ),
    "services/toll/gates/__init__.py": "",
    "services/toll/gates/packs/one.yaml": "id: one\n",
    **{f"services/toll/gates/{name}": PURE for name in tidy.SLICE_FILES - {"__init__.py"}},
    "services/toll/gates/handlers.py": "from services.toll.gates import store\n",
    "services/toll/migrations/env.py": "from services.toll.gates import tables\n",
    "services/toll/lanes/__init__.py": "",
    "services/toll/lanes/handlers.py": "from services.toll.gates import handlers, rules\n",
    "shared/__init__.py": "",
    "shared/clock.py": "from datetime import UTC, datetime\n\nnow = lambda: datetime.now(UTC)\n",
    "shared/money.py": PURE,
    "shared/web/tokens.py": "claims = {}\n\nif __name__ == '__main__':\n    pass\n",
    "shared/messaging/kafka.py": "from aiokafka import AIOKafkaProducer\n\nAIOKafkaProducer()\n",
    "services/toll/__main__.py": "from services.toll import app\nfrom shared.web import tokens\n",
}
"""A small tree that every check accepts: a check that always fails would prove nothing."""

PLANTED: list[tuple[Check, str, str]] = [
    (tidy.check_file_names, "services/toll/gates/manager.py", ""),
    (tidy.check_file_names, "services/toll/gates/packs/one.py", ""),
    (tidy.check_file_names, "services/toll/common.py", ""),
    (tidy.check_file_names, "services/toll/processes/utils.py", ""),
    (
        tidy.check_slice_privacy,
        "services/toll/lanes/handlers.py",
        "from services.toll.gates import store\n",
    ),
    (
        tidy.check_slice_privacy,
        "services/toll/lanes/handlers.py",
        "def f():\n    import services.toll.gates.tables\n",
    ),
    (
        tidy.check_slice_privacy,
        "services/toll/subscriptions.py",
        "from services.toll.gates.store import get\n",
    ),
    (tidy.check_money_is_exact, "services/toll/gates/rules.py", "rate = 0.5\n"),
    (tidy.check_money_is_exact, "services/toll/gates/rules.py", "half = 1 / 2\n"),
    (tidy.check_money_is_exact, "shared/money.py", "x = 3\nx /= 2\n"),
    (tidy.check_money_is_exact, "shared/rulepack/fees.py", "x = round(3)\n"),
    (tidy.check_money_is_exact, "shared/rulepack/fees.py", "x = float('3')\n"),
    (tidy.check_money_is_exact, "shared/money.py", "def f(x: float): ...\n"),
    (tidy.check_money_is_exact, "shared/money.py", "def f(x) -> float: ...\n"),
    (tidy.check_money_is_exact, "shared/money.py", "x: float | None = None\n"),
    (tidy.check_money_is_exact, "shared/money.py", "x = list(map(float, [1]))\n"),
    (tidy.check_money_is_exact, "shared/money.py", "x = 2 ** -1\n"),
    (tidy.check_money_is_exact, "services/toll/gates/handlers.py", "x = round(7 * 0.035)\n"),
    (tidy.check_money_is_exact, "services/toll/processes/toll.py", "x = 7 / 2\n"),
    (
        tidy.check_money_is_exact,
        "services/toll/gates/store.py",
        'SQL = "SELECT amount_fen * 0.035 FROM toll"\n',
    ),
    (
        tidy.check_money_is_exact,
        "services/toll/gates/store.py",
        'SQL = "SELECT sum(paid)::float8 FROM toll"\n',
    ),
    (
        tidy.check_money_is_exact,
        "shared/money.py",
        "from decimal import Decimal as D\n\nx = D('1.1')\n",
    ),
    (
        tidy.check_time_and_ids_are_arguments,
        "services/toll/gates/handlers.py",
        "from shared import clock\n\nat = clock.now()\n",
    ),
    (
        tidy.check_time_and_ids_are_arguments,
        "services/toll/gates/handlers.py",
        "from shared.ids import new_id\n\nid = new_id()\n",
    ),
    (
        tidy.check_time_and_ids_are_arguments,
        "services/toll/gates/rules.py",
        "import datetime as dt\n\nat = dt.datetime.now()\n",
    ),
    (
        tidy.check_time_and_ids_are_arguments,
        "shared/money.py",
        "import uuid\n\nid = uuid.uuid4()\n",
    ),
    (
        tidy.check_time_and_ids_are_arguments,
        "services/toll/gates/store.py",
        'SQL = "INSERT INTO toll (at) VALUES (now())"\n',
    ),
    (
        tidy.check_time_and_ids_are_arguments,
        "services/toll/migrations/versions/v1.py",
        'SQL = "CREATE TABLE toll (day date DEFAULT CURRENT_DATE)"\n',
    ),
    (
        tidy.check_time_and_ids_are_arguments,
        "services/toll/gates/rules.py",
        "import time\n\nat = time.gmtime()\n",
    ),
    (
        tidy.check_one_kafka_factory,
        "services/toll/gates/handlers.py",
        "from confluent_kafka import Producer\n\nProducer({})\n",
    ),
    (
        tidy.check_one_kafka_factory,
        "services/toll/gates/handlers.py",
        "import aiokafka\n\naiokafka.AIOKafkaConsumer()\n",
    ),
    (
        tidy.check_one_kafka_factory,
        "tests/integration/test_x.py",
        "from aiokafka.admin import AIOKafkaAdminClient as A\n\nA()\n",
    ),
    (tidy.check_one_commit, "services/toll/gates/store.py", "def f(tx):\n    tx.commit()\n"),
    (tidy.check_one_commit, "shared/web/idempotency.py", 'SQL = "BEGIN"\n'),
    (tidy.check_one_commit, "shared/web/idempotency.py", 'SQL = "begin; select 1"\n'),
    (tidy.check_one_commit, "shared/web/idempotency.py", 'SQL = "select 1; end"\n'),
    (
        tidy.check_one_commit,
        "services/toll/gates/store.py",
        "async def f(connection):\n    async with connection.transaction():\n        pass\n",
    ),
    (tidy.check_function_length, "deploy/local/x.py", f"def f():\n{LONG_BODY}\n"),
    (tidy.check_function_nesting, "shared/web/x.py", NESTED),
    (tidy.check_routes_are_thin, "services/toll/gates/routes.py", THICK_ROUTE),
    (tidy.check_file_length, "shared/web/x.py", "x = 1\n" * 401),
    (tidy.check_file_length, "tests/unit/test_x.py", "x = 1\n" * 601),
    (tidy.check_kernel_has_no_domain_word, "shared/web/x.py", "class BankLoans: ...\n"),
    (tidy.check_kernel_has_no_domain_word, "shared/db/x.py", "def f(*, claim_id): ...\n"),
    (tidy.check_kernel_has_no_domain_word, "shared/db/x.py", "f(guarantor=1)\n"),
    (tidy.check_kernel_has_no_domain_word, "shared/db/x.py", "def recoveries(): ...\n"),
    (tidy.check_kernel_has_no_domain_word, "shared/db/fund.py", "x = 1\n"),
    (tidy.check_kernel_has_no_domain_word, "shared/web/fees.py", "x = 1\n"),
    (tidy.check_kernel_has_no_domain_word, "shared/rulepack/x.py", "def overdue(): ...\n"),
    (tidy.check_kernel_has_no_domain_word, "shared/rulepack/one.yaml", "id: one\n"),
    (tidy.check_adrs_are_indexed, "docs/adr/0002-two.md", "# Two\n"),
    (tidy.check_adrs_are_indexed, "docs/adr/README.md", "[0001](0001-one.md) [2](0002-no.md)\n"),
    (tidy.check_no_dead_module, "shared/unused.py", "x = 1\n"),
    (tidy.check_no_dead_module, "services/toll/__main__.py", ""),
    (tidy.check_no_place_of_one_machine, "docs/x.md", f"pip -i {'https:'}//my.mirror/simple\n"),
    (tidy.check_no_place_of_one_machine, "requirements/x.txt", f"# from {'pypi'}.{'org'}\n"),
    (tidy.check_no_place_of_one_machine, "deploy/local/x.py", f"x = '{'/'}home/me/data'\n"),
    (tidy.check_services_are_complete, "services/bare/__init__.py", ""),
    (tidy.check_exemptions_say_why, "shared/web/x.py", f"x = 1  # {'noqa'}: E501\n"),
    (tidy.check_exemptions_say_why, "shared/web/x.py", f"x = 1  # {'noqa'} - because\n"),
    (tidy.check_exemptions_say_why, "shared/web/x.py", f"x = 1  # type{': ignore'}[arg-type]\n"),
    (
        tidy.check_exemptions_say_why,
        "shared/web/x.py",
        f"x = 1  # {'noqa'}: E501 - the reason of this one\n\ny = 1  # {'noqa'}: E501\n",
    ),
    (tidy.check_types_have_no_opt_out, "shared/web/x.py", "# mypy: ignore-errors\n"),
    (tidy.check_types_have_no_opt_out, "shared/web/x.py", f"# {'ruff'}: noqa: E501\n"),
    (
        tidy.check_types_have_no_opt_out,
        "shared/web/x.py",
        "import typing\n\n@typing.no_type_check\ndef f(): ...\n",
    ),
    (
        tidy.check_types_have_no_opt_out,
        "pyproject.toml",
        '[[tool.mypy.overrides]]\nmodule = "shared.*"\nignore_errors = true\n',
    ),
]


@pytest.fixture(scope="module", autouse=True)
def parsed() -> Iterator[None]:
    """The checks share what they parse; afterwards it is no burden to other tests."""
    yield
    source.module_at.cache_clear()


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def name_of(value: object) -> str:
    return value.__name__ if callable(value) and hasattr(value, "__name__") else ""


@pytest.mark.parametrize("check", tidy.CHECKS, ids=name_of)
def test_accepts_this_checkout(check: Check) -> None:
    assert check(ROOT) == []


@pytest.mark.parametrize("check", tidy.CHECKS, ids=name_of)
def test_accepts_a_clean_tree(check: Check, tmp_path: Path) -> None:
    write(tmp_path, CLEAN)

    assert check(tmp_path) == []


@pytest.mark.parametrize(("check", "path", "text"), PLANTED, ids=name_of)
def test_catches_a_planted_violation(check: Check, path: str, text: str, tmp_path: Path) -> None:
    write(tmp_path, {**CLEAN, path: text})

    problems = check(tmp_path)

    assert len(problems) > 0
    assert all(":" in problem for problem in problems)


def test_every_check_has_a_planted_violation() -> None:
    declared = {getattr(tidy, name) for name in dir(tidy) if name.startswith("check_")}

    assert declared == set(tidy.CHECKS) == {check for check, _, _ in PLANTED}
