"""Labelled items in the format of ../shared/leaks/: how they are read, and where each is scored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from braid_verifier.leaks.comments import comments, comments_of
from braid_verifier.leaks.languages import guessed, language_named, language_of
from braid_verifier.leaks.passage import Passage
from braid_verifier.leaks.places import passages
from braid_verifier.leaks.written import Written

#: Examples of our own, for what the measured sets hold too little of. Nothing is measured on them.
OWN = Path(__file__).parent.parent / "tests/verifier/leaks/own.jsonl"


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the items of a file; an item without an id takes its sha256 for one."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if not line.strip():
                continue
            item = json.loads(line)
            item.setdefault("id", item.get("sha256") or _digest(item["excerpt"]))
            item.setdefault("subtype", "")
            item.setdefault("surface", "code_comment")
            yield item


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def owner(item: dict[str, Any]) -> str:
    """Return the owner of the repository an item is from: what folds and intervals go by."""
    repo: str = item.get("repo", "own/own")
    return repo.partition("/")[0].lower()


#: The seed cases are tests with their spans, so nothing is reported on them.
_SEEDS = "weberr13"


def tuned(item: dict[str, Any]) -> bool:
    """Whether weights and thresholds may look at this item; the others are for reporting."""
    return (
        owner(item) == _SEEDS
        or hashlib.sha256(f"braid-leaks:{owner(item)}".encode()).digest()[0] % 2 == 0
    )


def scored(item: dict[str, Any]) -> tuple[int, int]:
    """Return the range of the excerpt that is judged: the comment of a code comment."""
    start, end = item.get("comment") or (0, len(item["excerpt"]))
    return start, end


def passages_of(item: dict[str, Any]) -> list[Passage]:
    """Return the passages of an item, in offsets of its excerpt."""
    excerpt: str = item["excerpt"]
    context: str = item.get("context", "")
    if item["surface"] == "code_comment":
        start, end = scored(item)
        written = Written(excerpt[start:end], [0], [start], [end - start])
        return list(comments_of(written, _language(item)))
    if item["surface"] == "code_output" or context == "notebook code":
        return list(comments(excerpt, item.get("lang") or "python"))
    if item["surface"] == "tool_input" and not excerpt.lstrip().startswith("{"):
        return list(comments(excerpt, _language(item) or guessed(excerpt)))
    if item["surface"] == "tool_input":
        attrs = {"name": context.partition(":")[2]}
        return list(passages("tool_use", "application/json", excerpt, attrs))
    return list(passages("text", "text/plain", excerpt, {}))


def _language(item: dict[str, Any]) -> str | None:
    return language_named(item.get("lang") or "") or language_of(item.get("path", ""))
