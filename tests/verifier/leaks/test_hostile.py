"""Whatever is written, looking at it takes steps in proportion to its length."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from braid_verifier.leaks.comments import comments
from braid_verifier.leaks.heard import Heard
from braid_verifier.leaks.places import passages

LANGUAGES = (
    "python", "javascript", "tsx", "typescript", "go", "c", "cpp", "rust", "java", "csharp",
    "kotlin", "swift", "ruby", "php", "shell", "sql", "html", "css", "yaml", "toml", "lua", "r",
    "haskell", None,
)  # fmt: skip
# What opens and never closes, what closes and never opened, and what counts what stands before.
UNITS = (
    '"', "'", "`", "/*", "*/", "/**/", "//", "#", '\\"', "\\'", '"""', '\\"""', "<!--", "--", "{-",
    "[[", "--[[", 'r#"', 'R"a(', 'u"', '$@"', "${", "`${", "$(", '"$(', "%q(", "<a ", "<a>", "</",
    "<think>", "</think>", "```\n", "~~~~\n", "> ", "\n", "/ ", "/[", "\\/", "= /", '{"a":', "[",
    '{"a":["', '"a":"b",', '"a', "\\u", "<<<<<<< SEARCH\n", "=======\n", "@@\n", "+ # a\n", "a: |\n",
    "*", " ", "<script>", "<script ", "=begin\n", '-c "', "bash -c '", "git commit -m 'a", "Thought:\n",
    "<|channel|>analysis<|message|>a b c", "# a\n/",
    "# a\n", "// a\n", "-- a\n", "url(", 'def f():\n"""', "<<A\n", "é\ud800",
)  # fmt: skip
COUNTED = (
    lambda n: f"<<A{n}\n", lambda n: f"<<a{n} ", lambda n: f'R"d{n}(', lambda n: f"cat <<A{n} > a.sh\n",
    lambda n: 'r"' + "#" * (n % 40), lambda n: "[" + "=" * (n % 40) + "[", lambda n: " " * n + "a: |\n",
)  # fmt: skip


def surfaces(text: str) -> Iterator[Callable[[], object]]:
    for language in LANGUAGES:
        yield lambda language=language: list(comments(text, language))  # type: ignore[misc]
    yield lambda: list(passages("text", "text/plain", text, {}))
    yield lambda: list(passages("tool_use", "application/json", text, {}))
    yield lambda: list(passages("tool_use", "text/plain", "*** Begin Patch\n" + text, {}))
    for value in (
        {"command": text},
        {"path": "a.py", "content": text},
        {"path": "a.ts", "new_str": text, "old_str": text[1:]},
        {"path": "a.ipynb", "content": text},
    ):
        content = json.dumps(value)
        yield lambda content=content: list(  # type: ignore[misc]
            passages("tool_use", "application/json", content, {})
        )
    yield lambda: Heard().add(text)


def steps(look: Callable[[], object]) -> int:
    """Count the calls that are made, of functions and of methods of the interpreter."""
    count = 0

    def called(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        look()
    finally:
        sys.setprofile(before)
    return count


def assert_linear(short: str, long: str) -> None:
    for place, (few, many) in enumerate(zip(surfaces(short), surfaces(long), strict=True)):
        few()  # what is made once is not counted
        many()
        allowed = 6 * steps(few) + 1500
        assert steps(many) <= allowed, f"surface {place}"


@pytest.mark.parametrize("unit", UNITS)
def test_four_times_the_length_takes_four_times_the_steps(unit: str) -> None:
    assert_linear(unit * (600 // len(unit)), unit * (2400 // len(unit)))


@pytest.mark.parametrize("unit", COUNTED)
def test_marks_that_are_all_different_take_no_more(unit: Callable[[int], str]) -> None:
    short = "".join(map(unit, range(60)))
    long = "".join(map(unit, range(1000)))[: 4 * len(short)]
    assert_linear(short, long)


@pytest.mark.parametrize(
    ("language", "unit"),
    [
        ("rust", '\\"'),
        ("go", '\\"'),
        ("php", '\\"'),
        ("c", "/*"),
        ("javascript", "/["),
        ("javascript", "\\/"),
        ("tsx", "</"),
        ("python", '\\"""'),
        ("css", "url("),
        ("html", "<script "),
        (None, '"a'),
    ],
)
def test_a_megabyte_is_read(language: str | None, unit: str) -> None:
    """With steps inside regular expressions in proportion to the square this would take hours."""
    for _ in comments(unit * (1_000_000 // len(unit)), language):
        pass
