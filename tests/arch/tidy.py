"""The self-checks that ruff, mypy and import-linter cannot make.

Each ``check_…`` takes the root of a tree and returns its problems, worded as ``path:line: what``.
``test_tidy.py`` runs each of them on this checkout and on a planted violation.
"""

import ast
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path

from tests.arch.source import (
    Module,
    files_under,
    modules_matching,
    modules_under,
)

SLICE_FILES = {
    "__init__.py",
    "rules.py",
    "handlers.py",
    "store.py",
    "tables.py",
    "schemas.py",
    "routes.py",
}
SERVICE_FILES = {
    "__init__.py",
    "__main__.py",
    "app.py",
    "subscriptions.py",
    "README.md",
}
OPTIONAL_SERVICE_FILES = {"settings.py"}
"""Only a service that needs more than the kernel's settings declares its own."""

NOT_SLICES = {"migrations", "processes"}
VAGUE_NAMES = {"service.py", "services.py", "utils.py", "common.py", "models.py", "helpers.py"}

FUNCTION_LINES = 50
FUNCTION_LEVELS = 4
ROUTE_LINES = 12
FILE_LINES = 400
TEST_FILE_LINES = 600

Check = Callable[[Path], list[str]]


def _services(root: Path) -> list[Path]:
    return sorted(path for path in root.glob("services/*") if (path / "__init__.py").exists())


def _slices(root: Path) -> Iterator[Path]:
    for service in _services(root):
        for folder in sorted(service.iterdir()):
            if folder.is_dir() and not folder.name.startswith(("_", ".")):
                yield folder


def check_file_names(root: Path) -> list[str]:
    """A slice has only files of the fixed names, so that seventy slices stay navigable."""
    problems = []
    for service in _services(root):
        stray = {path.name for path in service.iterdir() if path.is_file()}
        stray -= SERVICE_FILES | OPTIONAL_SERVICE_FILES
        problems += [f"services/{service.name}/{name}: not a file of a service" for name in stray]
    for folder in _slices(root):
        place = folder.relative_to(root).as_posix()
        if folder.name in NOT_SLICES:
            found = {path.name for path in folder.rglob("*.py")} & VAGUE_NAMES
            problems += [f"{place}/{name}: the name says nothing" for name in sorted(found)]
            continue
        for path in files_under(folder):
            inner = path.relative_to(folder).as_posix()
            if inner not in SLICE_FILES and not fnmatch(inner, "packs/*.yaml"):
                problems.append(f"{place}/{inner}: not a file of a slice")
    return problems


def check_slice_privacy(root: Path) -> list[str]:
    """No slice imports another slice's store or tables; it calls the other's handlers."""
    problems = []
    for module in modules_under(root, "services"):
        match module.name.split("."):
            case [_, service, own, *_] if own != "migrations":
                private = re.compile(rf"services\.{service}\.(?!{own}\.)\w+\.(store|tables)(\.|$)")
            case _:
                continue
        problems += [
            f"{module.relative}:1: imports {name}, which is private to its slice"
            for name in sorted(module.imported_modules)
            if private.match(name)
        ]
    return problems


MONEY_CODE = (
    "services/*/*/rules.py",
    "services/*/*/handlers.py",
    "services/*/*/store.py",
    "services/*/*/schemas.py",
    "services/*/processes/*.py",
    "shared/money.py",
    "shared/rulepack/*.py",
    "shared/events/*.py",
)
NO_MONEY = {
    "services/notify/feeds/handlers.py": "waits for a feed in seconds, which are floats",
    "shared/events/export.py": "joins paths, with the same sign",
    "shared/events/golden.py": "joins paths, with the same sign",
}
INEXACT_SQL = re.compile(
    r"_fen\W.*\d\.\d|\d\.\d.*_fen\b|(::|\bAS\b)\s*(float[48]?|real|double precision)\b",
    re.IGNORECASE,
)


def _inexact(module: Module, node: ast.AST) -> str | None:
    found = None
    match node:
        case ast.Constant(value=float()):
            found = "a float literal"
        case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            found = "true division; use Fraction or //"
        case ast.BinOp(op=ast.Pow(), right=ast.UnaryOp(op=ast.USub())):
            found = "a negative power; use Fraction"
        case ast.Name(id="float" | "round" as name):
            found = name
        case ast.Name() | ast.Attribute() if module.refers_to(node) == "decimal.Decimal":
            found = "Decimal"
        case ast.Constant(value=str() as text) if INEXACT_SQL.search(text):
            found = "a float in SQL"
    return found


def check_money_is_exact(root: Path) -> list[str]:
    """Money code has no float, no ``/``, no ``round`` and no Decimal."""
    problems = []
    for module in modules_matching(root, *MONEY_CODE):
        nodes = module.nodes
        # A pattern that matches floats is there to refuse them.
        harmless = {id(node.cls) for node in nodes if isinstance(node, ast.MatchClass)}
        harmless |= module.docstrings
        problems += [
            module.at(node, f"{found} in money code")
            for node in nodes
            if module.relative not in NO_MONEY
            and id(node) not in harmless
            and (found := _inexact(module, node))
        ]
    return problems


HIDDEN_INPUTS = {
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "time.time",
    "time.time_ns",
    "time.gmtime",
    "time.localtime",
    "time.strftime",
    "uuid.uuid1",
    "uuid.uuid4",
    "uuid_utils.compat.uuid7",
    "shared.clock.now",
    "shared.ids.new_id",
}
EDGES = (
    "shared/clock.py",
    "shared/ids.py",
    "shared/runner.py",
    "shared/db/database.py",
    "shared/messaging/*.py",
    "shared/web/*.py",
    "services/*/app.py",
    "services/*/__main__.py",
)
"""Where a real clock and real ids are wired in; everything else takes them as arguments."""


HIDDEN_SQL = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|gen_random_uuid|uuidv[47])\s*\(\s*\)"
    r"|\b(current|local)_?(date|time|timestamp)\b",
    re.IGNORECASE,
)


def check_time_and_ids_are_arguments(root: Path) -> list[str]:
    """Nothing below the edges reads the clock or makes an id, and no SQL does."""
    problems = []
    for module in modules_under(root, "shared", "services"):
        edge = any(fnmatch(module.relative, edge) for edge in EDGES)
        documentation = module.docstrings
        for node in module.nodes:
            name = module.refers_to(node)
            if name in HIDDEN_INPUTS and not edge:
                problems.append(module.at(node, f"{name} below the edge; take it as an argument"))
            match node:
                case ast.Constant(value=str() as text) if id(node) not in documentation and (
                    found := HIDDEN_SQL.search(text)
                ):
                    problems.append(module.at(node, f"{found[0]} in SQL; take it as an argument"))
    return problems


KAFKA_FACTORY = "shared/messaging/kafka.py"
FOREIGN_CLIENTS = "tests/support/foreign.py"
"""An integrator's clients, of another library, by which tests read what ours wrote."""

KAFKA_CLIENT = re.compile(
    r"aiokafka\..*AIOKafka(Producer|Consumer|AdminClient)$"
    r"|(confluent_kafka|kafka)\..*(Producer|Consumer|AdminClient)$"
)


def check_one_kafka_factory(root: Path) -> list[str]:
    """Only one module builds Kafka clients: the library's defaults are not safe for money."""
    return [
        module.at(node, f"builds {name}; ask {KAFKA_FACTORY}")
        for module in modules_under(root, "shared", "services", "deploy", "tests")
        if module.relative not in {KAFKA_FACTORY, FOREIGN_CLIENTS}
        for node in module.nodes
        if isinstance(node, ast.Call)
        and KAFKA_CLIENT.match(name := module.refers_to(node.func) or "")
    ]


TRANSACTION_SQL = re.compile(
    r"(^|;)\s*(BEGIN|COMMIT|END|ROLLBACK|ABORT|START\s+TRANSACTION|SAVEPOINT)\s*(;|$|\b(?=[A-Z ]))",
    re.IGNORECASE,
)
KAFKA_OFFSETS = "shared/messaging/consumer.py"
"""The consumer reports offsets to Kafka by a method that is called commit as well; it is advice."""


OUR_TRANSACTIONS = {"database", "_database"}
"""``Database.transaction`` commits in shared/db/; the driver's own is another of that name."""


def _last_name(node: ast.AST) -> str | None:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return None


def check_one_commit(root: Path) -> list[str]:
    """Only ``shared/db/`` begins and commits a transaction."""
    problems = []
    for module in modules_under(root, "shared", "services"):
        if module.relative.startswith("shared/db/"):
            continue
        documentation = module.docstrings
        for node in module.nodes:
            match node:
                case ast.Call(func=ast.Attribute(attr="commit" | "rollback" as name)) if (
                    module.relative not in {KAFKA_OFFSETS, KAFKA_FACTORY}
                ):
                    problems.append(module.at(node, f"{name}() outside shared/db/"))
                case ast.Call(func=ast.Attribute(attr="transaction", value=owner)) if (
                    _last_name(owner) not in OUR_TRANSACTIONS
                ):
                    problems.append(module.at(node, "the driver's transaction outside shared/db/"))
                case ast.Constant(value=str() as text) if (
                    "LANGUAGE plpgsql" not in text  # whose blocks begin and end no transaction
                    and TRANSACTION_SQL.search(text)
                    and id(node) not in documentation
                ):
                    problems.append(module.at(node, "transaction SQL outside shared/db/"))
    return problems


OUR_CODE = ("shared", "services", "deploy", "examples", "tests", "bench")


def check_function_length(root: Path) -> list[str]:
    """A function fits a screen; a migration is one list of statements and may be longer."""
    return [
        module.at(function, f"{function.name} has {lines} lines, more than {FUNCTION_LINES}")
        for module in modules_under(root, *OUR_CODE)
        if "/migrations/" not in module.relative
        for function in module.functions
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
    ]


_HOLDERS = (ast.stmt, ast.ExceptHandler, ast.match_case)
"""What can hold a statement: an expression cannot."""

_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)


def _levels(node: ast.AST) -> int:
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _HOLDERS):
            continue
        # An elif is an If in the else of an If, and reads as the same level.
        chained = isinstance(node, ast.If) and [child] == node.orelse and isinstance(child, ast.If)
        own = isinstance(child, _BLOCKS) and not chained
        deepest = max(deepest, int(own) + _levels(child))
    return deepest


def check_function_nesting(root: Path) -> list[str]:
    """Branch in the caller, compute in leaves: at most four levels."""
    return [
        module.at(function, f"{function.name} nests {levels} levels, more than {FUNCTION_LEVELS}")
        for module in modules_under(root, *OUR_CODE)
        for function in module.functions
        if (levels := _levels(function)) > FUNCTION_LEVELS
    ]


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    statements = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - statements[0].lineno + 1 if statements else 0


def check_routes_are_thin(root: Path) -> list[str]:
    """A route parses, calls a handler and answers: at most twelve lines below its docstring."""
    return [
        module.at(function, f"route {function.name} has {lines} lines, more than {ROUTE_LINES}")
        for module in modules_matching(root, "services/*/*/routes.py")
        for function in module.functions
        if function.decorator_list and (lines := _body_lines(function)) > ROUTE_LINES
    ]


def check_file_length(root: Path) -> list[str]:
    """A file that grows past four hundred lines (a test: six hundred) is two files."""
    return [
        f"{module.relative}:1: {lines} lines, more than {limit}"
        for module in modules_under(root, *OUR_CODE)
        for limit in (TEST_FILE_LINES if module.relative.startswith("tests/") else FILE_LINES,)
        if (lines := module.text.count("\n")) > limit
    ]


DOMAIN_WORDS = {
    "bank",
    "borrower",
    "breaker",
    "claim",
    "compensation",
    "consent",
    "department",
    "enterprise",
    "fee",
    "firm",
    "fund",
    "guarantee",
    "guarantor",
    "indemnity",
    "insurance",
    "insurer",
    "lender",
    "loan",
    "overdue",
    "policyholder",
    "premium",
    "quota",
    "recovery",
    "reguarantee",
    "reimbursement",
    "subsidy",
}
PACK_WORDS = {"breaker", "fee", "quota", "recovery", "subsidy"}
"""Sections and facts that packs may have: the mechanism knows their form, not their numbers."""
TOKEN_CLAIMS = "shared/web/"
"""A bearer token makes claims (RFC 7519); the word is the standard's there, not ours."""


def _words(identifier: str) -> set[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", identifier).lower().split("_")
    return {re.sub(r"ies$", "y", word).removesuffix("s") for word in spaced}


def _identifiers(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                yield node, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node, name
            case ast.ClassDef(name=name) | ast.keyword(arg=str() as name):
                yield node, name


def check_kernel_has_no_domain_word(root: Path) -> list[str]:
    """``shared/`` is a kernel: no word of the field outside ``shared/events/``."""
    problems = []
    for module in modules_under(root, "shared"):
        if module.relative.startswith("shared/events/"):
            continue
        allowed = {"claim"} if module.relative.startswith(TOKEN_CLAIMS) else set()
        if "rule_pack" in module.relative or module.relative.startswith("shared/rulepack/"):
            allowed |= PACK_WORDS
        if _words(module.path.stem) & (DOMAIN_WORDS - allowed):
            problems.append(f"{module.relative}:1: domain word in the file's name")
        problems += [
            module.at(node, f"domain word in the identifier {name}")
            for node, name in _identifiers(module.tree)
            if _words(name) & (DOMAIN_WORDS - allowed)
        ]
    for path in files_under(root / "shared"):
        if path.suffix in {".yaml", ".yml"}:
            problems.append(f"{path.relative_to(root)}:1: a pack belongs to a service")
    return problems


def check_adrs_are_indexed(root: Path) -> list[str]:
    """Every decision is in the index, numbered without a gap, and the index links to no ghost."""
    folder = root / "docs/adr"
    index = (folder / "README.md").read_text(encoding="utf-8")
    stored = sorted(path.name for path in folder.glob("[0-9]*.md"))
    linked = set(re.findall(r"\]\((\d{4}-[^)]+\.md)\)", index))
    expected = [f"{number:04d}" for number in range(1, len(stored) + 1)]
    problems = [f"docs/adr/{name}:1: not in the index" for name in stored if name not in linked]
    problems += [f"docs/adr/README.md:1: links to {name}" for name in sorted(linked - set(stored))]
    if [name[:4] for name in stored] != expected:
        problems.append("docs/adr/README.md:1: the numbers are not 0001, 0002, …")
    return problems


def _is_entry_point(module: Module) -> bool:
    """Tables are declared for administrative reads and for the test that holds them true."""
    name = module.path.name
    return (
        name in {"__init__.py", "__main__.py", "tables.py"}
        or "/migrations/" in module.relative
        or '\nif __name__ == "__main__":' in module.text
    )


def _mentions(module: Module) -> Iterator[str]:
    yield from module.imported_modules
    for node in module.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value.split(":", 1)[0]


def check_no_dead_module(root: Path) -> list[str]:
    """Every module is imported by another one, or is an entry point; tests do not count."""
    modules = modules_under(root, "shared", "services", "deploy")
    mentioned = {name for module in modules for name in _mentions(module) if name != module.name}
    return [
        f"{module.relative}:1: nothing imports it"
        for module in modules
        if module.name not in mentioned and not _is_entry_point(module)
    ]


# The names are put together here, so that this file does not contain what it looks for.
REGISTRY = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("repo1", "maven", "org"),
            ("repo", "maven", "apache", "org"),
            ("registry", "npmjs", "org"),
            ("proxy", "golang", "org"),
            ("ghcr", "io"),
            ("quay", "io"),
            ("docker", "io/"),
        )
    )
    + r"|https?://[^\s\"')]+/(simple|maven2?)\b"
)
MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(work|root|home|Users)(/|\b(?=[\s\"'`,;:)]|$))")
TEXT_SUFFIXES = {".png", ".svg", ".ico", ".jpg", ".gz", ".zip"}


def check_no_place_of_one_machine(root: Path) -> list[str]:
    """No file names a package registry's host or an absolute path of somebody's machine."""
    problems = []
    for path in files_under(root):
        if path.suffix in TEXT_SUFFIXES or path.name == ".git":
            continue
        place = path.relative_to(root).as_posix()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            for pattern, what in ((REGISTRY, "a registry's host"), (MACHINE_PATH, "a local path")):
                if pattern.search(line):
                    problems.append(f"{place}:{number}: {what}")
    return problems


def check_services_are_complete(root: Path) -> list[str]:
    """A new service is a copy of the smallest one: nothing that an operator needs is missing."""
    needed = (*sorted(SERVICE_FILES), "migrations/env.py", "migrations/versions")
    return [
        f"services/{service.name}/{name}: missing"
        for service in _services(root)
        for name in needed
        if not (service / name).exists()
    ]


EXEMPTION = re.compile(r"#\s*(type:\s*ignore|noqa)\b(?P<code>\[[\w, -]+\]|:\s*[A-Z]+\d+[\w, ]*)?")
REASON = re.compile(r"\s*(-{1,2}|#)\s*\w.*\w{3}")


def check_exemptions_say_why(root: Path) -> list[str]:
    """Every ``noqa`` and ``type: ignore`` names its rule, and the reason there or just above."""
    problems = []
    for module in modules_under(root, *OUR_CODE):
        explained: dict[str, int] = {}
        for number, text in module.comments.items():
            if not (found := EXEMPTION.search(text)):
                continue
            code = found["code"] or ""
            # One reason serves one rule in one paragraph, as in a list of imports.
            same = code in explained and not module.has_blank_line(explained[code], number)
            if same or module.is_comment(number - 1) or REASON.match(text[found.end() :]):
                explained[code] = number
            if not code or explained.get(code) != number:
                problems.append(f"{module.relative}:{number}: an exemption needs code and reason")
    return problems


OPT_OUT = re.compile(r"#\s*(mypy:|ruff:\s*noqa|flake8:\s*noqa)")


def check_types_have_no_opt_out(root: Path) -> list[str]:
    """Mypy is strict for every module: no overrides, no ignored errors, no skipped imports."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    forbidden = (
        "[[tool.mypy.overrides]]",
        "ignore_errors",
        "ignore_missing_imports",
        "follow_imports",
    )
    problems = [
        f"pyproject.toml:1: {word} in mypy's configuration" for word in forbidden if word in text
    ]
    for module in modules_under(root, *OUR_CODE):
        problems += [
            f"{module.relative}:{number}: opts the whole file out"
            for number, comment in module.comments.items()
            if OPT_OUT.search(comment)
        ]
        problems += [
            module.at(node, "opts a function out of its types")
            for node in module.nodes
            if "no_type_check" in module.text
            and (module.refers_to(node) or "").endswith(".no_type_check")
        ]
    return problems


CHECKS: tuple[Check, ...] = (
    check_file_names,
    check_slice_privacy,
    check_money_is_exact,
    check_time_and_ids_are_arguments,
    check_one_kafka_factory,
    check_one_commit,
    check_function_length,
    check_function_nesting,
    check_routes_are_thin,
    check_file_length,
    check_kernel_has_no_domain_word,
    check_adrs_are_indexed,
    check_no_dead_module,
    check_no_place_of_one_machine,
    check_services_are_complete,
    check_exemptions_say_why,
    check_types_have_no_opt_out,
)
