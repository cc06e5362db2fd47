"""One part of a content, in a request or an answer, to a Block.

Shapes by content member: https://ai.google.dev/api/caching#Part. A part that has not one
content member of known shape is kept whole, as kind `other`.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Raw

from braid.node import Kind, Origin
from braid.wire.block import Block
from braid.wire.gemini.blob import decode_blob
from braid.wire.gemini.names import PROVIDER, is_placeholder, respell
from braid.wire.native import (
    Marks,
    Members,
    Native,
    Said,
    keep_raw,
    make_block,
    say_nothing,
    say_text,
    say_whole,
)
from braid.wire.raw_json import (
    JSON,
    is_list,
    is_null,
    is_object,
    join_members,
    read_items,
    read_members,
    read_word,
)

_TEXT_KINDS = {"user": Kind.PROMPT, "assistant": Kind.TEXT, "system": Kind.SYSTEM}
_KINDS = {
    "functionCall": Kind.TOOL_USE,
    "executableCode": Kind.TOOL_USE,
    "toolCall": Kind.TOOL_USE,
    "functionResponse": Kind.TOOL_RESULT,
    "codeExecutionResult": Kind.TOOL_RESULT,
    "toolResponse": Kind.TOOL_RESULT,
}
_CONTENTS = frozenset({"text", "inlineData", "fileData", *_KINDS})
_MODIFIERS = frozenset({"thought", "thoughtSignature", "partMetadata"})
# The data of a call or result, and its name; of the other two the whole object is the content.
_DATA = {
    "functionCall": ("args", "name"),
    "toolCall": ("args", "toolType"),
    "functionResponse": ("response", "name"),
    "toolResponse": ("response", "toolType"),
}
# An empty message and none are the same to the provider.
_NO_DATA = Raw(b"{}")
# Where there is one of these, the data are not all that is said.
_PIECES = ("partialArgs", "parts")


class Part(NamedTuple):
    """A part taken apart, its names in one spelling.

    members  None if it is no object.
    native   the member that says what it is, None if there is not just one.
    inner    the members of that, if it is an object.
    """

    raw: Raw
    members: dict[str, Raw] | None
    native: str | None = None
    inner: Members | None = None

    @property
    def is_thought(self) -> bool:
        return bytes((self.members or {}).get("thought", b"")) == b"true"

    @property
    def signature(self) -> str | None:
        """The provider's signature, as it is spelled."""
        word = read_word((self.members or {}).get("thoughtSignature"))
        return word if word and not is_placeholder(word) else None


def take_apart(raw: Raw) -> Part:
    """Take a part apart; raises TwoSpellings."""
    if not is_object(raw):
        return Part(raw, None)
    members = respell(read_members(raw))
    native = _find_content(members)
    value = None if native is None else members[native]
    if native not in _CONTENTS or value is None or not is_object(value):
        return Part(raw, members, native)
    return Part(raw, members, native, respell(read_members(value)))


def read_part(
    part: Part,
    role: str,
    origin: Origin,
    marks: Marks | None = None,
    extra: Members | None = None,
) -> Block:
    """Read one part; `marks` and `extra` are as for `make_block`."""
    if part.members is None:
        return keep_raw(PROVIDER, part.raw, role, origin, marks, extra)
    names: dict[str, object] = {} if part.native is None else {"type": part.native}
    names |= _read_names(part)
    signature = part.signature
    if signature is not None:
        names["signature"] = signature
    named = () if signature is None else ("thoughtSignature",)
    return make_block(
        PROVIDER,
        Native(part.raw, part.members, names, named),
        _read_said(part, part.members, role),
        role,
        origin,
        marks,
        extra,
        unseen=_points_away(part),
    )


def _find_content(members: Members) -> str | None:
    found = [name for name in members if name in _CONTENTS and not is_null(members[name])]
    if not found:
        found = [name for name in members if name not in _MODIFIERS | _CONTENTS]
    return found[0] if len(found) == 1 else None


def _read_names(part: Part) -> dict[str, object]:
    if part.native not in _KINDS or part.inner is None:
        return {}
    id_name = "id" if _KINDS[part.native] is Kind.TOOL_USE else "tool_use_id"
    words = {id_name: read_word(part.inner.get("id"))}
    if part.native in _DATA:
        words["name"] = read_word(part.inner.get(_DATA[part.native][1]))
    return {name: word for name, word in words.items() if word is not None}


def _read_said(part: Part, members: Members, role: str) -> Said | None:
    native, inner = part.native, part.inner
    if native == "text" and part.is_thought:
        said = say_text(Kind.THINKING, members, "text")
        return said and said._replace(members=("text", "thought"))
    if native == "text":
        kind = _TEXT_KINDS.get(role)
        return None if kind is None else say_text(kind, members, "text")
    if native is None and part.is_thought and _CONTENTS.isdisjoint(members):
        return say_nothing(Kind.THINKING)._replace(members=("thought",))
    if native is None or inner is None:
        return None
    if native == "inlineData":
        return _say_media(part.raw, members, inner)
    if native not in _KINDS:
        return None
    if native not in _DATA:
        return Said(_KINDS[native], JSON, bytes(members[native]), (native,))
    if any(name in inner and not is_null(inner[name]) for name in _PIECES):
        return Said(_KINDS[native], JSON, bytes(members[native]), (native,), {"whole": True})
    data_name, name = _DATA[native]
    data = inner.get(data_name, _NO_DATA)
    taken = {data_name}.union(one for one in ("id", name) if read_word(inner.get(one)) is not None)
    content = bytes(_NO_DATA if is_null(data) else data)
    return Said(_KINDS[native], JSON, content, (native,), left=_leave(native, inner, taken))


def _say_media(raw: Raw, members: Members, inner: Members) -> Said:
    """Read inline data: decoded where its base64 can be had back, else the part whole."""
    native = read_word(inner.get("mimeType"))
    blob = decode_blob(native, read_word(inner.get("data")))
    if blob is None:
        return say_whole(Kind.MEDIA, raw, members)
    taken = {"data"} | ({"mimeType"} if native == blob.media else set())
    left = _leave("inlineData", inner, taken)
    return Said(Kind.MEDIA, blob.media, blob.content, ("inlineData",), blob.marks, left)


def _leave(native: str, inner: Members, taken: set[str]) -> Members:
    rest = {name: value for name, value in inner.items() if name not in taken}
    return {native: join_members(rest)} if rest else {}


def _points_away(part: Part) -> bool:
    """Say whether a part shows the model a file that the proxy did not see."""
    if part.native == "fileData":
        return True
    parts = None if part.inner is None else part.inner.get("parts")
    if parts is None or not is_list(parts):
        return False
    objects = (read_members(item) for item in read_items(parts) if is_object(item))
    return any("fileData" in members or "file_data" in members for members in objects)
