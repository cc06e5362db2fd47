"""Where in a block the author's words stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from braid.node import Kind
from braid_verifier.leaks import code, patches
from braid_verifier.leaks.languages import guessed, language_of
from braid_verifier.leaks.passage import Passage
from braid_verifier.leaks.prose import prose
from braid_verifier.leaks.tools import tool_input
from braid_verifier.leaks.written import Written

_JSON = "application/json"


def passages(
    kind: str, media: str, content: bytes | str, attrs: Mapping[str, object]
) -> Iterator[Passage]:
    """Find the passages of a block, ascending; offsets are code points of its content.

    `kind`, `media`, `content` and `attrs` are those of a node (SPEC §3, §5). Only text and the
    input of tools hold any: thinking is where thinking belongs, and the rest is nobody's words.
    Bytes that are not UTF-8 count as one character each.
    """
    if kind not in (Kind.TEXT, Kind.TOOL_USE):
        return
    whole = Written.whole(_decoded(content) if isinstance(content, bytes) else content)
    if kind == Kind.TEXT:
        if media == _JSON and whole.text.startswith('"'):
            whole = whole.unescaped(1, len(whole.text) - whole.text.endswith('"', 1))
        found = prose(whole)
    else:
        found = tool_input(whole, _tool(attrs), media == _JSON)
    yield from sorted(found, key=lambda passage: passage.written.sources[0])


def file_passages(path: str, text: str) -> Iterator[Passage]:
    """Find the passages of a whole file, by the language that its path says.

    A source gives its comments, a document its prose, a patch what it adds. A file of no known
    language in which no comment is seen is a document.
    """
    whole = Written.whole(text)
    language = language_of(path)
    if language == "text":
        return prose(whole)
    found = code.passages_of(whole, None, path)
    if language is None and guessed(text) is None and not patches.is_patch(text):
        return iter([*found] or [*prose(whole)])
    return found


def _tool(attrs: Mapping[str, object]) -> str:
    for name in ("name", "type"):
        said = attrs.get(name)
        if isinstance(said, str):
            return said
    return ""


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("utf-8", "surrogateescape")
