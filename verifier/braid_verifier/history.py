"""Recognising a block that a client sends back: one value for its ordinary spellings.

Clients move `cache_control`, reprint numbers, reorder members, add nulls, and turn a list
of one text into a string. The canonical form is the same for all of these and for the
block as the provider sent it, and differs where a word does (SPEC §8.3). Looser likeness
is `spelling`'s job.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping

import msgspec
from msgspec import Raw

from braid import strict_json
from braid.errors import Malformed
from braid.node import Kind
from braid.strict_json import Json
from braid.wire.block import Block
from braid_verifier import binary
from braid_verifier.binary import Held

# Members that say how a block is to be handled and not what it says (wire-protocol facts).
_PRESENTATION = frozenset(("cache_control", "index", "citations", "caller", "toolset_name"))
# Members beside binary content that the model is told, or that say how much of it.
_LABELS = ("title", "context", "filename", "displayName", "display_name", "videoMetadata")
_OWN_RESULTS = ("functionResponse", "function_result")
EXACT_INTEGERS = 2**53
# They say nothing but their words.
_WORDS = frozenset((Kind.TEXT, Kind.PROMPT, Kind.SYSTEM))
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_write = msgspec.json.Encoder(order="sorted").encode
# With it Claude Code begins what it has the model know of a conversation that became too long.
_CONTINUED = b"This session is being continued from a previous conversation"
# Claude Code's, for instance `x-anthropic-billing-header: cc_version=2.1.0; cc_entrypoint=cli;`.
_BILLING = re.compile(rb"x-anthropic-billing-header:(?: {0,2}[\w-]{1,32}=[\w.:-]{0,64};?){0,16}\s?")

# What Gemini CLI has the model say to a summary that it puts in the place of earlier turns.
_NOTED = b"Got it. Thanks for the additional context!"


def canonical(block: Block) -> bytes:
    """Give the canonical form of a block as bytes; equal for equal things said."""
    if block.kind in _WORDS and block.media == "text/plain":
        return b"%b\n%b" % (block.kind.encode(), block.content)
    form = _form(block)
    try:
        return _write(form)
    except (msgspec.MsgspecError, ValueError, OverflowError):  # a lone surrogate in a name
        return strict_json.dumps(form).encode("utf-8", "surrogatepass")


def is_spine(block: Block) -> bool:
    """Tell whether a block must come back for a conversation to be the same one.

    Thinking may be dropped by honest clients, and so may text without a character.
    """
    return is_spine_node(block.kind, block.content)


def is_spine_node(kind: Kind, content: bytes) -> bool:
    """Tell of a node what `is_spine` tells of a block."""
    return kind is not Kind.THINKING and not (kind in (Kind.TEXT, Kind.PROMPT) and not content)


def is_compaction(block: Block) -> bool:
    """Tell what a provider made of a conversation, to stand for it from then on.

    What is in it is sealed, so that no two are alike.
    """
    return block.kind is Kind.OTHER and block.attrs.get("type") == "compaction"


def is_noted(block: Block) -> bool:
    """Tell the answer that a known client makes up to a summary of its own: it says nothing more."""
    return block.kind is Kind.TEXT and block.content == _NOTED


def stands_for_all(block: Block) -> bool:
    """Tell the summary with which a known client begins a conversation anew."""
    return block.kind is Kind.PROMPT and block.content.startswith(_CONTINUED)


def is_billing(kind: Kind, content: bytes) -> bool:
    """Tell a text that a known client puts into `system` for its provider's accounts.

    It changes with every request; a change of it alone changes no instruction.
    """
    return kind is Kind.SYSTEM and _BILLING.fullmatch(content) is not None


def _form(block: Block) -> Json:
    kind = str(block.kind)
    attrs = block.attrs
    match block.kind:
        case Kind.THINKING:
            return [kind, bare(text_in(attrs, "signature")), _text(block)]
        case Kind.TOOL_USE:
            # Every member of an input is the model's word: only its numbers may be reprinted.
            return [
                kind,
                text_in(attrs, "id"),
                text_in(attrs, "name"),
                numbers(read(block.content)),
            ]
        case Kind.TOOL_RESULT:
            # Where no id says which call it answers, the name of the tool does.
            asked: Json = text_in(attrs, "tool_use_id") or ["of", text_in(attrs, "name")]
            return [kind, asked, failed(attrs), _result(block)]
        case Kind.TOOLS:
            # Below the top stand the names of the tool's own parameters.
            tool = read(block.content)
            return [kind, numbers(_without_presentation(tool) if isinstance(tool, dict) else tool)]
        case Kind.MEDIA:
            held = content_of(block)
            said: list[Json] = list(held) if held else [_json(block.content)]
            return [kind, *said, *_labels(block)]
    if block.media == "application/json":
        return [kind, _json(block.content)]
    return [kind, *binary.held(block.media, block.content)]


def content_of(block: Block) -> Held | None:
    """Give the binary content of a block; None where it is elsewhere, or of no media type."""
    if block.media != "application/json":
        return binary.held(block.media, block.content)
    part = read(block.content)
    native = text_in(block.attrs, "type")
    if not isinstance(part, dict):
        return None
    # A document that is JSON itself may look like a part, and is none.
    named = native.lower() in (name.replace("_", "").lower() for name in part)
    return binary.held_in(part) if named or part.get("type") == native else None


def _labels(block: Block) -> list[Json]:
    """Give what the model is told of binary content beside it."""
    whole = read(block.content) if block.media == "application/json" else None
    labels: list[Json] = []
    for part in (block.attrs.get("extra"), whole):
        members = _members(part)
        for holder in (members, *map(_members, members.values())):
            for name in _LABELS:
                if (label := _unraw(holder.get(name))) is not None:
                    labels.append([name, numbers(label)])
    return labels


def _members(value: object) -> Mapping[str, object]:
    value = _unraw(value)
    return value if isinstance(value, dict) else {}


def _unraw(value: object) -> Json:
    """Give a member of attrs, which hold what they did not read as it came."""
    said: Json = read(bytes(value)) if isinstance(value, Raw) else value  # type: ignore[assignment]
    return said


def text_in(attrs: Mapping[str, object], name: str) -> str:
    """Give a member that is a text; an empty one where it is anything else, which anybody can send."""
    value = attrs.get(name)
    return value if isinstance(value, str) else ""


def bare(signature: str) -> str:
    """Give base64 in one spelling: Google's SDK for Python sends it back in the other alphabet."""
    return signature.rstrip("=").replace("-", "+").replace("_", "/")


def failed(attrs: Mapping[str, object]) -> bool:
    """Tell whether a tool's result says that the tool failed."""
    extra = attrs.get("extra")
    flag = extra.get("is_error") if isinstance(extra, Mapping) else None
    return flag is True or (isinstance(flag, Raw) and bytes(flag) == b"true")


def _text(block: Block) -> str:
    return block.content.decode("utf-8", "replace")


def read(raw: bytes) -> Json:
    """Read the JSON of a block; what is none is a value of its own."""
    try:
        value: Json = _decode(raw)
        if _encode(value) == raw:  # nothing of it was lost: the strict reader would say the same
            return value
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        pass
    try:
        if raw.startswith(b"{"):
            return strict_json.read_object(raw, "block")
        return strict_json.loads(strict_json.decode_utf8(raw, "block"), "block")
    except Malformed:
        return ["unreadable", raw.hex()]


def _json(raw: bytes) -> Json:
    return numbers(plain(read(raw)))


def _result(block: Block) -> Json:
    if block.media == "text/plain":
        return [["text", _text(block)]] if block.content else []
    value = read(block.content)
    if isinstance(value, list):
        return [_item(numbers(plain(item))) for item in value]
    # An object of the client's own has no members that a provider defines, whatever their names.
    return numbers(value if text_in(block.attrs, "type") in _OWN_RESULTS else plain(value))


def _item(item: Json) -> Json:
    if isinstance(item, dict) and item.get("type") == "text" and set(item) <= {"type", "text"}:
        return ["text", item.get("text")]
    return item


def plain(value: Json) -> Json:
    """Drop nulls, and what only says how a block is to be handled, from blocks at any depth."""
    if isinstance(value, dict):
        kept = _without_presentation(value) if isinstance(value.get("type"), str) else value
        return {name: plain(member) for name, member in kept.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def _without_presentation(value: dict[str, Json]) -> dict[str, Json]:
    return {
        name: member
        for name, member in value.items()
        if member is not None and name not in _PRESENTATION
    }


def numbers(value: Json) -> Json:
    """Give each number one type: clients print 1.0 as 1, and 1E2 as 100.0."""
    if isinstance(value, dict):
        return {name: numbers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [numbers(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) <= EXACT_INTEGERS:
        return int(value)
    return value


def doubles(value: Json) -> Json:
    """Give numbers as JavaScript holds them; one that is beyond all doubles stays what it is."""
    if isinstance(value, dict):
        return {name: doubles(member) for name, member in value.items()}
    if isinstance(value, list):
        return [doubles(item) for item in value]
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) >= EXACT_INTEGERS
    ):
        with contextlib.suppress(OverflowError):
            return float(value)
    return numbers(value)
