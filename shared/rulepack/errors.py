"""Refusals of the mechanism: a malformed pack, inputs that a pack does not know, no tier, no
pack."""

from dataclasses import dataclass

from shared.errors import Malformed, NotFound, RuleViolation, Violation

Path = tuple[str | int, ...]
"""Where in a pack: keys and positions from the top."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a pack: where it stands and why it is refused.

    ``line`` and ``column`` count from 1; both are 0 for a pack that came as JSON in a request.
    """

    path: Path
    code: str
    zh: str
    en: str
    file: str = ""
    line: int = 0
    column: int = 0

    @property
    def pointer(self) -> str:
        """The JSON pointer of the place (RFC 6901)."""
        return "".join("/" + str(p).replace("~", "~0").replace("/", "~1") for p in self.path)

    def __str__(self) -> str:
        """``file:line:column: reason (at pointer)``, as compilers write it."""
        place = f"{self.file}:{self.line}:{self.column}: " if self.line else ""
        return f"{place}{self.en} (at {self.pointer or '/'})"


class MalformedPack(Malformed):
    """The pack is refused; every problem found carries file, line, column and reason."""

    code = "malformed-pack"
    title_zh = "规则包无效"
    title_en = "Malformed rule pack"
    action_zh = "请按 violations 逐条更正规则包后重新提交。"
    action_en = "Correct the pack as each violation says, then submit it again."

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep the problems; the detail lists them one per line."""
        super().__init__(
            "\n".join(str(problem) for problem in problems),
            violations=tuple(
                Violation(
                    code=problem.code,
                    zh=_located_zh(problem),
                    en=str(problem),
                    field=problem.pointer,
                )
                for problem in problems
            ),
        )
        self.problems = problems


class ExamplesFailed(MalformedPack):
    """The pack's own examples do not come out as it says, so it cannot be activated."""

    code = "pack-examples-failed"
    title_zh = "规则包自带示例未通过"
    title_en = "The pack's own examples fail"


class PacksOverlap(MalformedPack):
    """Two versions of one pack claim the same day, or the same version number."""

    code = "packs-overlap"
    title_zh = "规则包有效期重叠"
    title_en = "Rule packs overlap"


class UnknownInput(Malformed):
    """A fact, counter, metric or benchmark is unknown, missing, or of another kind."""

    code = "rule-pack-input"
    title_zh = "规则包输入有误"
    title_en = "Input that the rule pack does not take"


class ResultTooLarge(RuleViolation):
    """The facts are allowed one by one, but what they amount to is more than any account holds."""

    code = "result-too-large"
    title_zh = "计算结果超出金额上限"
    title_en = "Result beyond the largest amount"


class NoTier(RuleViolation):
    """No tier of the pack takes the case: the scheme does not cover it."""

    code = "no-tier"
    title_zh = "没有适用的分担档次"
    title_en = "No tier of the pack takes the case"


class SectionMissing(RuleViolation):
    """The pack has no section for the question."""

    code = "pack-section-missing"
    title_zh = "规则包不含该项规则"
    title_en = "The pack has no rule for this"


class PackNotFound(NotFound):
    """No such pack, no such version, or none in force on the day."""

    code = "rule-pack-not-found"
    title_zh = "未找到规则包"
    title_en = "Rule pack not found"


def _located_zh(problem: Problem) -> str:
    place = f"{problem.file} 第 {problem.line} 行第 {problem.column} 列：" if problem.line else ""
    return f"{place}{problem.zh}"
