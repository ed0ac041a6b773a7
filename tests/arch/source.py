"""Reading a source tree for the tidy checks: files, syntax trees, and what a name refers to."""

import ast
import io
import os
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

HIDDEN_BUT_OURS = {".ci", ".github"}
NOT_OURS = {"__pycache__", "build", "dist"}
WORKTREE = ".git"
"""In a linked worktree it is a file, which says where the repository is."""


def files_under(root: Path) -> Iterator[Path]:
    """Yield every file of the checkout, without caches, virtual environments and run state."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            name
            for name in folders
            if name in HIDDEN_BUT_OURS or not (name.startswith(".") or name in NOT_OURS)
        )
        yield from (
            Path(folder, name)
            for name in sorted(names)
            if name != WORKTREE and not name.endswith(".pyc")
        )


@dataclass(frozen=True)
class Module:
    """One Python file: where it is, what it says, what its names refer to."""

    root: Path
    path: Path

    @property
    def relative(self) -> str:
        """The path from the root, with forward slashes."""
        return self.path.relative_to(self.root).as_posix()

    @property
    def name(self) -> str:
        """The dotted module name."""
        return self.relative.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def text(self) -> str:
        """The source text."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, filename=self.relative)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the syntax tree, breadth first."""
        return list(ast.walk(self.tree))

    @cached_property
    def functions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function and method, nested ones included."""
        return [
            node for node in self.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]

    @cached_property
    def docstrings(self) -> set[int]:
        """The ids of the constant nodes that are docstrings or attribute documentation."""
        return {
            id(node.value)
            for node in self.nodes
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }

    @cached_property
    def comments(self) -> dict[int, str]:
        """Line number → comment, in order; what looks like a comment inside a string is none."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text."""
        return self.text.splitlines()

    def is_comment(self, number: int) -> bool:
        """Tell whether a line is nothing but a comment."""
        return number in self.comments and self.lines[number - 1].lstrip().startswith("#")

    def has_blank_line(self, first: int, last: int) -> bool:
        """Tell whether a blank line lies between two lines."""
        return any(not line.strip() for line in self.lines[first : last - 1])

    @cached_property
    def imports(self) -> dict[str, str]:
        """Local name → dotted name of everything that the module imports, at any depth."""
        found: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    local = alias.asname or alias.name.split(".", 1)[0]
                    found[local] = alias.name if alias.asname else local
            elif isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return found

    @cached_property
    def imported_modules(self) -> set[str]:
        """Every dotted name in an import statement: the module, and each name taken from it."""
        found: set[str] = set()
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
                found.update(f"{node.module}.{alias.name}" for alias in node.names)
        return found

    def refers_to(self, node: ast.AST) -> str | None:
        """Resolve ``Name`` and ``Attribute`` chains that begin at an import to a dotted name."""
        if isinstance(node, ast.Name):
            return self.imports.get(node.id)
        if isinstance(node, ast.Attribute):
            base = self.refers_to(node.value)
            return f"{base}.{node.attr}" if base else None
        return None

    def at(self, node: ast.AST, problem: str) -> str:
        """Word a problem with its place, the way editors jump to it."""
        return f"{self.relative}:{getattr(node, 'lineno', 1)}: {problem}"


@cache
def module_at(root: Path, path: Path) -> Module:
    """Return a file, read and parsed once for all checks: a tree does not change under them."""
    return Module(root, path)


def modules_under(root: Path, *folders: str) -> list[Module]:
    """Return the Python files below some folders of the tree, in order."""
    return [
        module_at(root, path)
        for folder in folders
        for path in files_under(root / folder)
        if path.suffix == ".py"
    ]


def modules_matching(root: Path, *patterns: str) -> list[Module]:
    """Return the Python files that match some glob patterns, in order."""
    return [module_at(root, path) for pattern in patterns for path in sorted(root.glob(pattern))]
