"""The measuring of the detector, as somebody with a set of their own would run it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "leaks.py"
THOUGHT = "Wait, that's wrong. Actually, the list is sorted already. So skip it."
CODE = f"é = 1\n# {THOUGHT}\nx = 2\n"
SHIFT = CODE.index(THOUGHT)


def item(owner: str, excerpt: str, **fields: Any) -> dict[str, Any]:
    return {
        "repo": f"{owner}/r", "surface": "text_block", "nl": "en", "author": "model", "label": "clean",
        "subtype": "assistant_answer", "excerpt": excerpt, **fields,
    }  # fmt: skip


def leak(owner: str, **fields: Any) -> dict[str, Any]:
    told = {"label": "leak", "subtype": "self_correction", "spans": [[SHIFT, SHIFT + len(THOUGHT)]]}
    comment = {
        "surface": "code_comment",
        "lang": "python",
        "comment": [SHIFT - 2, CODE.index("\nx")],
    }
    return item(owner, CODE, **comment, **told) | fields


ITEMS = [
    leak("a", id="one"),
    leak("b"),
    leak("b", id="missed", excerpt=CODE.replace(THOUGHT, "x" * len(THOUGHT))),
    item("c", "The list is sorted.", id="clean"),
    item("c", THOUGHT, id="accused"),
    item("d", "Die Liste ist schon sortiert.", id="german", nl="de"),
    item("d", THOUGHT, id="unsure", label="ambiguous", subtype="narration"),
]


@pytest.fixture
def ran(tmp_path: Path) -> tuple[str, list[dict[str, Any]]]:
    told, out = tmp_path / "set.jsonl", tmp_path / "out.jsonl"
    told.write_text("".join(json.dumps(each) + "\n" for each in ITEMS))
    command = [sys.executable, str(BENCHMARK), str(told), "--findings", str(out), "--no-cost"]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not said.stderr
    return said.stdout, [json.loads(line) for line in out.read_text().splitlines()]


def test_findings_are_written_for_each_item_in_offsets_of_its_excerpt(
    ran: tuple[str, list[dict[str, Any]]],
) -> None:
    _, lines = ran
    digest = hashlib.sha256(CODE.encode()).hexdigest()
    assert [each["id"] for each in lines] == [each.get("id", digest) for each in ITEMS]
    assert all(set(each) == {"id", "findings"} for each in lines)
    for line in lines[:2]:
        (finding,) = line["findings"]
        assert set(finding) == {"start", "end", "class", "tier", "score"}
        assert CODE[finding["start"] : finding["end"]] == THOUGHT
        assert (finding["class"], finding["tier"]) == ("self_correction", "strong")
    assert [bool(each["findings"]) for each in lines] == [
        True,
        True,
        False,
        False,
        True,
        False,
        True,
    ]


def test_each_figure_stands_with_its_counts_and_an_interval_by_owner(
    ran: tuple[str, list[dict[str, Any]]],
) -> None:
    said = {line[:46].strip(): line[46:].split() for line in ran[0].splitlines()[1:]}
    assert said["code comments: precision"] == ["1.000", "[1.000,", "1.000]", "2/2"]
    # Of the owners a and b one has found all and one half, so between these the figure lies.
    assert said["code comments: recall"] == ["0.667", "[0.500,", "1.000]", "2/3"]
    assert said["text blocks: precision"][-1] == "0/1"
    assert said["all: F1"][-1] == "4/6"
    assert said["strong: precision"][-1] == "2/3"
    assert said["flagged, answers and reports"][-1] == "1/3"
    assert said["flagged, clean, other languages"][-1] == "0/1"
    assert said["flagged, ambiguous (counts for nothing)"][-1] == "1/1"
    assert said["spans of found leaks, characters: precision"][0] == "1.000"
    assert said["flagged, random human comments"] == ["-", "0/0"]


def test_a_language_with_few_real_leaks_is_not_called_clean(
    ran: tuple[str, list[dict[str, Any]]],
) -> None:
    told = [line.strip() for line in ran[0].splitlines() if "not covered" in line]
    assert told == [
        "not covered, fewer than 50 real leaks each, languages: de (0), en (3)",
        "not covered, fewer than 50 real leaks each, programming languages, of comments: python (3)",
    ]


WILD = BENCHMARK.with_name("leaks_wild.py")


def test_the_comments_of_whole_projects_are_counted_once_and_by_project(tmp_path: Path) -> None:
    sources = {
        "one/a.py": f"# {THOUGHT}\nx = 1\n\n\n# The list is kept in order.\ny = 2\n",
        "one/b.py": f"# {THOUGHT}\nx = 1\n# short\n",
        "one/vendor/c.py": "# Hmm, wait. This is somebody else's.\n",
        "one/notes.md": THOUGHT,
        "two/d.go": f"// The list is\n// kept in order.\nvar x = 1\n\n// Perhaps it is empty.\nvar s = \"{THOUGHT}\"\n",
    }  # fmt: skip
    for name, source in sources.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    command = [sys.executable, str(WILD), str(tmp_path / "one"), str(tmp_path / "two")]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not said.stderr
    lines = [line.split() for line in said.stdout.splitlines()[2:]]
    # name, comments, flagged, strong, those with cue words, flagged of them
    assert [[line[i] for i in (0, 1, 2, 5, 6, 7)] for line in lines] == [
        ["one", "2", "1", "1", "1", "1"],
        ["two", "1", "0", "0", "1", "0"],
        ["all", "3", "1", "1", "2", "1"],
    ]


def test_a_project_that_is_no_folder_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    said = subprocess.run(
        [sys.executable, str(WILD), str(missing)], capture_output=True, text=True, check=False
    )
    assert said.returncode == 2
    assert f"expected the folder of a project, got {missing}" in said.stderr
