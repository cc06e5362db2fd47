"""Notebooks, cell by cell: comments of code cells, prose of Markdown cells, no outputs."""

from __future__ import annotations

from collections.abc import Iterator

from braid_verifier.leaks import code, prose
from braid_verifier.leaks.json_text import objects
from braid_verifier.leaks.languages import language_named
from braid_verifier.leaks.passage import Passage
from braid_verifier.leaks.written import Fresh, Written


def cells(text: Written, fresh: Fresh | None = None) -> Iterator[Passage]:
    """Find the passages of a notebook's JSON, or of a piece of it.

    Which lines are fresh cannot be told where lines are members of a list: then all count.
    """
    language = "python"
    for found in objects(text):
        if found.name in ("language_info", "kernelspec"):
            named = found.word("language") or found.word("name") or ""
            language = language_named(named) or language
    for found in objects(text):
        source = found.joined("source")
        if source is None:
            continue
        kind = found.word("cell_type")
        if kind == "markdown":
            yield from prose.prose(source)
        elif kind != "raw":
            yield from code.passages_of(source, language)
