"""Code of whatever language, where it is to be looked into: patches, documents, scripts, sources."""

from __future__ import annotations

from collections.abc import Iterator

from braid_verifier.leaks import notebooks, patches, prose, scripts
from braid_verifier.leaks.comments import comments_of
from braid_verifier.leaks.languages import guessed, language_of
from braid_verifier.leaks.passage import Passage
from braid_verifier.leaks.written import DEEPEST, Fresh, Written

_SILENT = frozenset(("json", "log", "text"))


def passages_of(
    text: Written, language: str | None, path: str | None = None, fresh: Fresh | None = None
) -> Iterator[Passage]:
    """Take a piece of code, or a whole file, apart by its language.

    A language not given is that of the path, or guessed by the look of the text. Documents are
    prose; data and plain text in a fence hold no one's voice.
    """
    if not text.text or text.depth > DEEPEST:
        return
    if language is None and path is not None:
        language = language_of(path)
    if language == "diff" or patches.is_patch(text.text):
        yield from patches.added(text, path)
        return
    if language is None:
        language = guessed(text.text)
    if language == "ipynb":
        yield from notebooks.cells(text, fresh)
    elif language == "markdown":
        yield from prose.prose(text, fresh)
    elif language == "shell":
        yield from scripts.shell(text, fresh)
    elif language not in _SILENT:
        yield from comments_of(text, language, fresh)
