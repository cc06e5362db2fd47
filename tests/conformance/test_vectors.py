"""Every vector says what it says, to the verifier and about the files themselves."""

from __future__ import annotations

import ast
import fnmatch
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from braid_verifier import Policy, Report, StatementUnusable, parse_statements, verify

HERE = Path(__file__).resolve().parent.parent / "vectors"
SPEC = (HERE.parent.parent / "braid" / "SPEC.md").read_text("utf-8")
INDEX: dict[str, Any] = json.loads((HERE / "index.json").read_text("utf-8"))
ROOT: str = INDEX["root"]


@dataclass(frozen=True, slots=True)
class Vector:
    name: str
    file: str
    section: str
    comment: str
    result: str
    failures: list[tuple[str, int | None]]
    first: tuple[str, int | None] | None
    also: list[tuple[str, int | None]]
    claims: dict[str, str]
    statements: list[bytes]
    logs: list[str]
    witnesses: list[str]
    quorum: int

    @property
    def raw(self) -> bytes:
        return (HERE / self.file).read_bytes()


def _finding(pair: Any) -> tuple[str, int | None]:
    code, node = pair
    return code, node


VECTORS = [
    Vector(
        name=case["name"],
        file=case["file"],
        section=case["section"],
        comment=case["comment"],
        result=case["result"],
        failures=[_finding(pair) for pair in case["failures"]],
        first=None if case["first"] is None else _finding(case["first"]),
        also=[_finding(pair) for pair in case.get("also", [])],
        claims=case.get("claims", {}),
        statements=[case["statements"].encode()] if "statements" in case else [],
        logs=case.get("logs", []),
        witnesses=case.get("witnesses", []),
        quorum=case.get("quorum", 1),
    )
    for case in INDEX["vectors"]
]
each_vector = pytest.mark.parametrize("vector", VECTORS, ids=[vector.name for vector in VECTORS])


def judged(vector: Vector, roots: Iterable[str] = (ROOT,), source: Any = None) -> Report:
    return verify(
        source or vector.raw,
        Policy(quorum=vector.quorum),
        roots,
        statements=vector.statements,
        logs=vector.logs,
        witnesses=vector.witnesses,
    )


def failures_of_first_class(report: Report) -> list[tuple[str, int | None]]:
    """Give the failures a vector pins: those of the first class that has any."""
    failed = [found for found in report.findings if found.code.startswith("E_")]
    lowest = min((found.check for found in failed), default=None)
    return [(found.code, found.node) for found in failed if found.check == lowest]


@each_vector
def test_the_verifier_says_what_the_vector_says(vector: Vector) -> None:
    report = judged(vector)
    found = failures_of_first_class(report)
    assert (str(report.result), set(found)) == (vector.result, set(vector.failures))
    assert (found[0] if found else None) == vector.first
    assert {(finding.code, finding.node) for finding in report.findings} >= set(vector.also)
    said = {str(name): str(claim.answer) for name, claim in report.claims.items()}
    assert {name: said[name] for name in vector.claims} == vector.claims


@each_vector
def test_without_a_pinned_root_nothing_is_verified_and_nothing_else_changes(vector: Vector) -> None:
    pinned = judged(vector)
    report = judged(vector, ())
    expected = "unmet" if vector.result == "verified" else vector.result
    assert str(report.result) == expected
    assert report.findings == pinned.findings


class Trickle(io.RawIOBase):
    """A source that gives a few bytes at a time."""

    def __init__(self, raw: bytes, step: int) -> None:
        self._raw, self._step, self._at = raw, step, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        step = self._step if size < 0 else min(size, self._step)
        piece = self._raw[self._at : self._at + step]
        self._at += len(piece)
        return piece


@each_vector
def test_a_source_that_trickles_changes_nothing(vector: Vector) -> None:
    assert judged(vector, source=Trickle(vector.raw, 7)) == judged(vector)


STATEMENTS = json.loads((HERE / "statements.json").read_text("utf-8"))


@pytest.mark.parametrize("case", STATEMENTS, ids=[case["comment"] for case in STATEMENTS])
def test_a_file_of_statements_is_taken_whole_or_refused_whole(case: dict[str, Any]) -> None:
    raw: bytes = case["text"].encode()
    if case["good"]:
        assert len(parse_statements(raw).proofs) == len(raw.splitlines())
        return
    with pytest.raises(StatementUnusable, match=r"^given(, line \d+)?: "):
        parse_statements(raw, "given")


def test_running_the_script_changes_no_file(tmp_path: Path) -> None:
    """Run it on a copy, with the package out of reach, and compare every byte."""
    copy = tmp_path / "tests" / "vectors"
    copy.mkdir(parents=True)
    (tmp_path / "braid").mkdir()
    empty = re.sub(r"(?s)(example:begin -->).*(<!-- example:end)", r"\1\n\2", SPEC)
    (tmp_path / "braid" / "SPEC.md").write_text(empty, "utf-8")
    for module in HERE.glob("*.py"):
        (copy / module.name).write_bytes(module.read_bytes())
    script = str(copy / "make_vectors.py")
    subprocess.run([sys.executable, "-P", script], check=True, cwd=tmp_path, timeout=120)
    made = {
        str(path.relative_to(copy)): path.read_bytes()
        for path in copy.rglob("*")
        if path.suffix in (".json", ".jsonl")
    }
    there = {
        str(path.relative_to(HERE)): path.read_bytes()
        for path in HERE.rglob("*")
        if path.suffix in (".json", ".jsonl")
    }
    assert made.keys() == there.keys()
    assert [name for name in made if made[name] != there[name]] == []
    assert (tmp_path / "braid" / "SPEC.md").read_text("utf-8") == SPEC


def test_the_script_shares_no_code_with_the_package() -> None:
    allowed = set(sys.stdlib_module_names) | {"cryptography", "vectors"}
    for module in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                names = [node.module or ""]
            assert {name.split(".")[0] for name in names} <= allowed, module.name


def _codes_of_spec() -> set[str]:
    return set(re.findall(r"\b[EWN]_[A-Z0-9_]+\b", SPEC))


RESERVED: set[str] = set()


# SPEC §6.4: said only by a verifier that is asked to run the detector again.
ASKED_FOR = {"N_FLAG_VERSION", "N_FLAG_UNREPEATED", "N_UNFLAGGED"}


def test_every_code_of_spec_has_a_vector() -> None:
    seen = {code for vector in VECTORS for code, _ in [*vector.failures, *vector.also]}
    assert _codes_of_spec() - seen == RESERVED | ASKED_FOR
    assert {code for code in seen if not code.startswith("history.")} - _codes_of_spec() == set()


def _rules_of_spec() -> set[str]:
    """Give every numbered rule: sections `### 2.1`, and the list items of `## 4.` and `## 11.`."""
    rules, chapter, divided = set(), "", False
    for line in SPEC.splitlines():
        if heading := re.match(r"## (\d+)\.", line):
            chapter, divided = heading[1], False
            rules.add(chapter)
        elif heading := re.match(r"### (\d+\.\d+) ", line):
            divided = True
            rules.add(heading[1])
        elif (item := re.match(r"(\d+)\. ", line)) and not divided:
            rules.add(f"{chapter}.{item[1]}")
    return rules


# What no transcript can break: words, what only a recorder can do, what the command line
# does (its own tests), and chapters that are divided further.
NOT_IN_VECTORS = {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "4.4", "5.4", "6.1"}
NOT_IN_VECTORS |= {"7.4", "8.1", "8.3", "8.6", "8.7", "8.8", "13", "13.5"}


def test_every_rule_of_spec_has_a_vector() -> None:
    headers = json.loads((HERE / "headers.json").read_text("utf-8"))
    cited = {vector.section for vector in VECTORS} | {case["section"] for case in headers}
    named = {section.removeprefix("§") for section in cited}
    assert named <= _rules_of_spec()
    assert _rules_of_spec() - named == NOT_IN_VECTORS - named


def test_names_are_distinct_and_files_are_where_the_index_says() -> None:
    assert len({vector.name for vector in VECTORS}) == len(VECTORS)
    named = {vector.file for vector in VECTORS}
    assert named == {f"transcripts/{path.name}" for path in (HERE / "transcripts").iterdir()}


def test_the_table_of_attacks_names_every_hostile_vector_and_no_other() -> None:
    text = (HERE / "README.md").read_text("utf-8")
    table = text[text.index("## Attacks") : text.index("## Changing them")]
    patterns = [
        name
        for line in table.splitlines()
        if line.startswith("|")
        for name in re.findall(r"`([a-z0-9*-]+)`", line)
    ]
    assert len(set(patterns)) == len(patterns)
    names = {vector.name for vector in VECTORS}
    assert [each for each in patterns if not fnmatch.filter(names, each)] == []
    hostile = {vector.name for vector in VECTORS if vector.result != "verified"}
    assert {
        name for name in hostile if not any(fnmatch.fnmatch(name, p) for p in patterns)
    } == set()
