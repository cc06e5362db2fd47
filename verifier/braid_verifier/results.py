"""What tools' results say: in one wire format, and told in another (SPEC §8.4).

A result is the client's own, so that within a format it says the same only as it stood, save for
what may change of any text's white space. From one format to another it is written anew: a text
becomes an object or loses the one around it, a failure has a member or none, and an image has no
place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from braid.strict_json import Json, dumps
from braid.wire.block import Block
from braid_verifier import binary
from braid_verifier.binary import Held
from braid_verifier.history import doubles, failed, numbers, plain, read, text_in
from braid_verifier.spacing import same_spaces, squeezed

# Types of the parts that hold words in a list of them, whichever provider's.
_TEXTS = frozenset(("text", "input_text", "output_text"))
_WORDS = frozenset(("type", "text", "annotations", "logprobs"))
# Members of a binary part beside the one that holds it.
_HANDLING = frozenset(("type", "detail", "resolution", "mime_type"))
# By these names results are wrapped where a format wants an object.
_WRAPPERS = frozenset(("result", "output", "content", "response", "return_value", "text"))
_ERROR = "error"
_GEMINI = "functionResponse"
# Results that can say whether the tool failed, by their types.
_TELLING = frozenset(("tool_result", "mcp_tool_result", "function_result"))
# Those that are read by many clients as words alone.
_WORDS_ONLY = frozenset(("tool", "function", _GEMINI))
_LISTED = re.compile(r"\s*[\[{]")
_JSON = re.compile(r'\s*(?:[\[{"\d-]|true\b|false\b|null\b)')
_OF_A_RESULT = re.compile(
    r"\b(?:results?|outputs?|contents?|responses?)\b|\A[\[(<]\w+[\])>]\Z", re.IGNORECASE
)
_CLEARING = re.compile(
    r"\b(?:clear|remov|omit|elid|truncat|compact|trim|prun|shorten|no longer)", re.IGNORECASE
)
# Such a mark says that a result is gone, and nothing else.
_OF_MARKS = re.compile(
    r"a|after|again|and|are|as|available|be|been|being|by|bytes?|calls?|called|cannot|char(?:acter)?s?"
    r"|clear(?:ed|ing)?|compact(?:ed)?|contents?|context|conversation|deleted|due|earlier|elided|file"
    r"|for|free|from|full|has|have|history|if|in|is|it|its|last|length|less|limits?|lines?|long(?:er)?"
    r"|memory|more|moved|need(?:ed)?|no|not|of|old(?:er)?|omitted|on|or|original|outputs?"
    r"|previous(?:ly)?|pruned|read|reduce|removed|rerun|responses?|results?|run|saved?|see|shortened"
    r"|shorter|show|shown|size|space|stored|that|the|this|to|tokens?|too|tools?|trimmed|truncated"
    r"|turns?|unavailable|use|was|were|will|you"
)
_WORD = re.compile(r"[^\W\d_]+")
# Letters that a shortened result must have kept, to be known for what it was.
_LEAST = 16


@dataclass(frozen=True, slots=True)
class Told:
    """What a result says.

    data    what is no list of parts and no text, in a list of one; empty where there is none.
    texts   its words, cut as they came.
    held    its binary parts.
    others  parts that are neither.
    failed  whether the tool failed; None where the format does not say it.
    """

    data: tuple[Json, ...] = ()
    texts: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()
    others: tuple[str, ...] = ()
    failed: bool | None = None


def lost(ours: Block, theirs: Block, provided: bool = False) -> Sequence[Held] | None:
    """Give the binary parts that a result lost on its way; None if it does not say the same.

    `provided`: the provider ran the tool, and its SDK writes the members that did not come.
    """
    mine, its = _told(ours), _told(theirs)
    if provided or _form(ours) == _form(theirs):
        same = mine.held == its.held and mine.failed == its.failed and _says_so(mine, its, provided)
        return () if same else None
    mine, its = _bare(_unnamed(mine, ours)), _bare(_unnamed(its, theirs))
    if not _says_so(mine, its):
        if _fails(mine) == _fails(its):
            return None
        mine, its = _unfailed(mine), _unfailed(its)
        if not _says_so(mine, its):
            return None
    if None not in (mine.failed, its.failed) and mine.failed != its.failed:
        return None
    if mine.held == its.held:
        return ()
    has_no_place = theirs.media == "text/plain" or text_in(theirs.attrs, "type") in _WORDS_ONLY
    return mine.held if has_no_place and not its.held else None


def gist(block: Block) -> str:
    """Give the same value for results that may say the same, in whichever formats."""
    bare = _unfailed(_bare(_unnamed(_told(block), block)))
    if bare.texts:
        return squeezed("".join(bare.texts))
    return "".join((*_data(bare, False), *bare.others))


def is_cleared(ours: Block, theirs: Block) -> bool:
    """Tell whether a tool's result came back empty, or as a mark in its place."""
    came = _only_words(theirs)
    if came is None:
        return False
    came = came.strip()
    # That a file was removed may be what a tool said.
    return not came or (_is_mark(came) and _OF_A_RESULT.search(came) is not None)


def is_shortened(ours: Block, theirs: Block) -> bool:
    """Tell whether a tool's result begins as it did, and then says that something is missing."""
    text, whole = _only_words(theirs), _only_words(ours) or _written(ours)
    dots = "…" if "…" in (text or "") else "..."
    head, found, tail = (text or "").partition(dots)
    whole, head, tail = _lines(whole), _lines(head), _lines(tail)
    return (
        bool(found)
        and len(head) + len(tail) < len(whole)
        and len(squeezed(head)) >= _LEAST
        and whole.startswith(head)
        and (not tail or whole.endswith(tail) or _is_mark(tail))
    )


def _only_words(block: Block) -> str | None:
    """Give the words of a result that has nothing else, without what is around them."""
    told = _bare(_told(block))
    return None if told.data or told.held or told.others else "".join(told.texts)


def _written(block: Block) -> str:
    """Give the words of a result as they are written, where they are JSON too."""
    return "".join(_told(block).texts)


def _lines(text: str) -> str:
    """Give a text without what surrounds it, with line ends of one kind."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _is_mark(text: str) -> bool:
    """Tell whether a text says of a result that it is gone, and nothing else."""
    said = _WORD.findall(text.lower())
    return len(text) <= 100 and bool(_CLEARING.search(text)) and all(map(_OF_MARKS.fullmatch, said))


def _form(block: Block) -> tuple[object, object]:
    return block.attrs.get("provider"), block.attrs.get("type")


def _told(block: Block) -> Told:
    kind = text_in(block.attrs, "type")
    says = kind in _TELLING
    fails = failed(block.attrs) if says or failed(block.attrs) else None
    if block.media == "text/plain":
        return Told(texts=(block.content.decode("utf-8", "replace"),), failed=fails)
    value = read(block.content)
    if kind == _GEMINI and isinstance(value, dict):
        parts = value.get("parts")
        if block.attrs.get("whole") and isinstance(parts, list):
            beside = _parted(parts)
            return replace(beside, data=(value.get("response"),), failed=fails)
        return Told((value,), failed=fails)
    if isinstance(value, list) and _are_parts(value):
        return replace(_parted(value), failed=fails)
    return Told((value,), failed=fails)


def _are_parts(value: list[Json]) -> bool:
    return all(isinstance(item, dict) and isinstance(item.get("type"), str) for item in value)


def _parted(parts: list[Json]) -> Told:
    """Take a list of parts apart, as providers define them."""
    texts: list[str] = []
    held: list[Held] = []
    others: list[str] = []
    for part in parts:
        bare = plain(part)
        members = bare if isinstance(bare, dict) else {}
        said = members.get("text")
        is_text = text_in(members, "type") in _TEXTS and not members.keys() - _WORDS
        if is_text and isinstance(said, str):
            texts.append(said)
        elif len(members.keys() - _HANDLING) == 1 and (found := binary.held_in(members)):
            held.append(found)
        else:
            others.append(dumps(numbers(bare)))
    return Told((), tuple(texts), tuple(held), tuple(others))


def _bare(told: Told) -> Told:
    """Give a result without what one format or another writes around it."""
    if told.others or (told.data and told.texts):
        return told
    value: Json = told.data[0] if told.data else "".join(told.texts)
    value = _unwrapped(value)
    many = len(told.texts) > 1  # what is joined from several is no number
    if isinstance(value, str) and (_LISTED if many else _JSON).match(value):
        inner = read(value.strip().encode("utf-8", "replace"))
        if not (isinstance(inner, list) and inner[:1] == ["unreadable"]):
            value = _unwrapped(inner)
    if isinstance(value, list) and value and _are_parts(value):
        parts = _parted(value)
        return replace(parts, held=(*told.held, *parts.held), failed=told.failed)
    if not isinstance(value, str):
        return replace(told, data=(value,), texts=())
    texts = told.texts if "".join(told.texts) == value else (value,)
    return replace(told, data=(), texts=texts)


def _unnamed(told: Told, block: Block) -> Told:
    """Take the tool's own name from beside a result: an SDK writes both into one object."""
    value = told.data[0] if told.data else None
    if not isinstance(value, dict) or value.keys() != {"name", "content"}:
        return told
    named = value["name"] == block.attrs.get("name")
    return replace(told, data=(value["content"],)) if named else told


def _unwrapped(value: Json) -> Json:
    if isinstance(value, dict) and len(value) == 1 and value.keys() <= _WRAPPERS:
        (value,) = value.values()
    return value


def _fails(told: Told) -> bool:
    """Tell an object that says that a tool failed, and why, and no more."""
    return bool(told.data) and isinstance(told.data[0], dict) and told.data[0].keys() == {_ERROR}


def _unfailed(told: Told) -> Told:
    if told.data and isinstance(said := told.data[0], dict) and said.keys() == {_ERROR}:
        return _bare(replace(told, data=(said[_ERROR],), failed=True))
    return told


def _says_so(ours: Told, theirs: Told, provided: bool = False) -> bool:
    """Tell whether two results say the same, failures and binary parts aside."""
    if ours.others != theirs.others or _data(ours, provided) != _data(theirs, provided):
        return False
    if ours.texts == theirs.texts:
        return True
    mine, its = "".join(ours.texts), "".join(theirs.texts)
    return squeezed(mine) == squeezed(its) and same_spaces(ours.texts, theirs.texts)


def _data(told: Told, provided: bool) -> list[str]:
    return [dumps(doubles(plain(one) if provided else one)) for one in told.data]
