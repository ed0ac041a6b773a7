"""From YAML or JSON to a checked pack; every refusal carries file, line, column and reason.

The YAML taken here is a plain subset: mappings, lists, text, whole numbers, true, false and null.
No tags, no anchors or aliases, no duplicate keys, no floats, no numbers in other bases, and only
``true`` and ``false`` are yes and no. Dates stay text until the pack's own types read them.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any, NoReturn, cast

import yaml
from pydantic import ValidationError

from shared.rulepack.checks import check_pack
from shared.rulepack.errors import ExamplesFailed, MalformedPack, Path, Problem
from shared.rulepack.examples import run_examples
from shared.rulepack.pack import Pack

MAX_BYTES = 256 * 1024
"""The largest pack that is read; the shipped ones are below 20 KiB."""

MAX_DEPTH = 24
"""The deepest nesting that is read; a pack needs less than half of it."""

_INT = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|nan)")
_WORDS: Mapping[str, bool | None] = {
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
}
Marks = Mapping[Path, tuple[int, int]]


class _Composer(yaml.SafeLoader):
    """Composes nodes alone, refusing what could make a small file large or deep."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose one node, at most ``MAX_DEPTH`` deep, without tag, anchor or alias."""
        # The stubs leave this method of the parser untyped.
        event: yaml.Event = cast("Any", self).peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            self._refuse(event, "anchors and aliases are not read")
        if getattr(event, "tag", None) is not None:
            self._refuse(event, "tags are not read")
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self._refuse(event, f"nested deeper than {MAX_DEPTH}")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    @staticmethod
    def _refuse(event: yaml.Event, reason: str) -> NoReturn:
        mark = cast("yaml.error.Mark", event.start_mark)
        raise yaml.composer.ComposerError(None, None, reason, mark)


def load_pack(content: bytes, file: str) -> Pack:
    """Read, check and prove one pack. ``file`` is the name that refusals carry.

    Raises ``MalformedPack`` with every problem found, or ``ExamplesFailed`` where the pack is well
    formed and its own examples do not come out.
    """
    pack, marks = _parse(content, file)
    prove(pack, file, marks)
    return pack


def load_file(path: FilePath) -> Pack:
    """Read, check and prove the pack in a file; refusals carry the file's name, not its folder."""
    return load_pack(path.read_bytes(), path.name)


def draft_pack(content: bytes, file: str) -> Pack:
    """Read and check a pack without running its examples: enough for a what-if, not to activate."""
    return _parse(content, file)[0]


def pack_from_data(data: object, file: str = "") -> Pack:
    """Check a pack that came as JSON: its refusals carry JSON pointers and no lines."""
    return _checked(data, file, {})


def prove(pack: Pack, file: str = "", marks: Marks | None = None) -> None:
    """Run the pack's own examples; raises ``ExamplesFailed`` with one problem per failure."""
    failed = [result for result in run_examples(pack) if not result.passed]
    if failed:
        raise ExamplesFailed(
            tuple(
                _at(
                    Problem(
                        result.path,
                        "example_failed",
                        f"示例“{result.name}”应得 {result.expected}，实得 {result.actual}",
                        f"example {result.name!r} expects {result.expected}, gives {result.actual}",
                    ),
                    file,
                    marks or {},
                )
                for result in failed
            )
        )


def _parse(content: bytes, file: str) -> tuple[Pack, Marks]:
    node = _compose(content, file)
    marks: dict[Path, tuple[int, int]] = {}
    problems: list[Problem] = []
    data = _plain(node, (), marks, problems)
    if problems:
        raise MalformedPack(tuple(_at(problem, file, marks) for problem in problems))
    return _checked(data, file, marks), marks


def _compose(content: bytes, file: str) -> yaml.Node:
    if len(content) > MAX_BYTES:
        en = f"larger than {MAX_BYTES} bytes"
        raise MalformedPack((Problem((), "too_large", f"超过 {MAX_BYTES} 字节", en, file, 1, 1),))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = content.count(b"\n", 0, wrong.start) + 1
        column = wrong.start - content.rfind(b"\n", 0, wrong.start)
        problem = Problem((), "encoding", "须为 UTF-8 编码", "is not UTF-8", file, line, column)
        raise MalformedPack((problem,)) from wrong
    try:
        # The composer derives from the safe loader and only composes nodes: nothing is constructed.
        loader = _Composer(text)
        node = loader.get_single_node()
    except yaml.YAMLError as wrong:
        raise MalformedPack((_syntax(wrong, text, file),)) from wrong
    if node is None:
        raise MalformedPack((Problem((), "empty", "文件为空", "the file is empty", file, 1, 1),))
    return node


def _syntax(wrong: yaml.YAMLError, text: str, file: str) -> Problem:
    if isinstance(wrong, yaml.MarkedYAMLError) and wrong.problem_mark is not None:
        mark, reason = wrong.problem_mark, wrong.problem or "malformed"
        zh = f"YAML 语法：{reason}"
        return Problem((), "syntax", zh, reason, file, mark.line + 1, mark.column + 1)
    position = getattr(wrong, "position", 0)
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return Problem((), "syntax", "含不可读字符", "has an unreadable character", file, line, column)


def _plain(
    node: yaml.Node, path: Path, marks: dict[Path, tuple[int, int]], problems: list[Problem]
) -> Any:  # noqa: ANN401 - whatever YAML can say; the pack's types judge it next
    marks[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, marks, problems)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, i), marks, problems) for i, item in enumerate(node.value)]
    return _scalar(node, path, problems)


def _mapping(
    node: yaml.MappingNode,
    path: Path,
    marks: dict[Path, tuple[int, int]],
    problems: list[Problem],
) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else str(key_node.tag)
        place: Path = (*path, key)
        if key in read:
            marks[place] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            problems.append(Problem(place, "duplicate_key", "键重复", f"key {key!r} stands twice"))
            continue
        read[key] = _plain(value_node, place, marks, problems)
        # A reader looks for the key, not for the first character of what follows it.
        marks[place] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
    return read


def _scalar(node: yaml.Node, path: Path, problems: list[Problem]) -> str | int | bool | None:
    text = str(node.value)
    if isinstance(node, yaml.ScalarNode) and node.style is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        problems.append(
            Problem(
                path,
                "number",
                f"{text} 不是整数：金额用分、比率用 ppm，文本请加引号",
                f"{text} is no integer: amounts are fen, rates are ppm, text is quoted",
            )
        )
    return text


def _checked(data: object, file: str, marks: Marks) -> Pack:
    try:
        pack = Pack.model_validate(data)
    except ValidationError as wrong:
        problems = _shape_problems(wrong, data)
    else:
        problems = check_pack(pack)
    if problems:
        raise MalformedPack(tuple(_at(problem, file, marks) for problem in problems))
    return pack


def _shape_problems(wrong: ValidationError, data: object) -> tuple[Problem, ...]:
    errors = wrong.errors(include_url=False, include_context=False, include_input=False)
    found = [
        Problem(
            _followed(error["loc"], data),
            error["type"],
            f"{_last(error['loc'])} 不符合格式：{error['msg']}",
            f"{_last(error['loc'])}: {error['msg']}",
        )
        for error in errors
    ]
    # A list whose only item is refused is also called too short; the item's own refusal says more.
    return tuple(
        problem
        for problem in found
        if problem.code != "too_short"
        or not any(other.path[:-1] == problem.path and other is not problem for other in found)
    )


def _followed(location: Path, data: object) -> Path:
    """Leave out of a location what stands nowhere in the data.

    A union puts the name of the variant that it tried into the location.
    """
    path: list[str | int] = []
    for part in location:
        if _stands_in(part, data):
            data = cast("Any", data)[part]
            path.append(part)
    return tuple(path)


def _last(location: Path) -> str:
    """Name the field of an error: what is missing stands nowhere in the data."""
    return str(location[-1]) if location else "pack"


def _stands_in(part: str | int, data: object) -> bool:
    if isinstance(data, list | tuple):
        return isinstance(part, int) and part < len(data)
    return isinstance(data, Mapping) and part in data


def _at(problem: Problem, file: str, marks: Marks) -> Problem:
    """Add the line of a place, or of the nearest place above it that stands in the file."""
    for length in range(len(problem.path), -1, -1):
        if problem.path[:length] in marks:
            line, column = marks[problem.path[:length]]
            return replace(problem, file=file, line=line, column=column)
    return replace(problem, file=file)
