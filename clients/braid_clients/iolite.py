"""Wrapping an iolite conversation into a braid of our own (SPEC §8.5).

What the original's signatures do not cover is covered from here on: by a root that says
"this is the file as I found it", and no more. Every word is of origin client.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from braid.content import write_attrs
from braid.errors import Malformed
from braid.node import Kind, Origin
from braid.strict_json import Json, dumps, read_object
from braid.weave import Draft, Weaver
from braid_verifier.iolite import Conversation, Fit, Judgement, Record, Shape
from braid_verifier.iolite.judgement import signed_text

PROVIDER = "iolite"
_JSON, _TEXT, _BYTES = "application/json", "text/plain", "application/octet-stream"
# By the list a record stands in: namespaces contradict the lists in some files.
_KINDS = {
    "AllPrompts": Kind.PROMPT,
    "ChainOfThoughts": Kind.THINKING,
    "AllTexts": Kind.TEXT,
    "AllToolRequests": Kind.TOOL_USE,
    "AllToolResponses": Kind.TOOL_RESULT,
}


def wrap(
    conversation: Conversation, judgement: Judgement, raw: bytes, name: str, weaver: Weaver
) -> None:
    """Weave the import's own nodes, then each record, then the seal.

    `raw` is the file and `name` what it is called.
    """
    origin = _add_origin(conversation, judgement, name, weaver)
    _add_source(raw, origin, weaver)
    woven: dict[int, str] = {}
    for index in _in_order(judgement.links.follows):
        record, fit = conversation.records[index], judgement.fits[index]
        before = judgement.links.follows[index]
        known = None if before is None else conversation.records[before].signature
        content = signed_text(record, fit)
        woven[index] = weaver.add(
            Draft(
                kind=_KINDS.get(record.group, Kind.OTHER),
                origin=Origin.CLIENT,
                media=_media(content),
                content=content,
                attrs=_attrs(record, fit, content, known),
                prev=(origin if before is None else woven.get(before, origin),),
            )
        )
    weaver.seal()


def _add_origin(conversation: Conversation, judgement: Judgement, name: str, weaver: Weaver) -> str:
    beside = conversation.beside
    fields = next((each for each in judgement.uncovered if each.what == "fields"), None)
    if conversation.shape is Shape.HYDRATION and fields is not None and not fields.differs:
        beside = {}  # the record says the same, and can then be erased by itself
    said: dict[str, Json] = {
        "format": PROVIDER,
        "name": name,
        "judgement": judgement.to_json(),
        "beside": beside,
    }
    return weaver.add(_other("import", said, ()))


def _add_source(raw: bytes, origin: str, weaver: Weaver) -> None:
    """Say which file it was, in a node of its own: a digest of words goes when any of them goes."""
    said: dict[str, Json] = {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    weaver.add(_other("import_source", said, (origin,)))


def _other(native: str, said: Mapping[str, Json], prev: tuple[str, ...]) -> Draft:
    content = dumps(dict(said)).encode("utf-8")
    attrs = write_attrs({"provider": PROVIDER, "type": native})
    return Draft(Kind.OTHER, Origin.CLIENT, _JSON, content, attrs, prev)


def _in_order(follows: Sequence[int | None]) -> list[int]:
    """Order records so that each stands after the one it follows; cycles last, as in the file."""
    after: dict[int | None, list[int]] = {}
    for index, before in enumerate(follows):
        after.setdefault(before, []).append(index)
    ordered: list[int] = []
    todo = after.get(None, [])[::-1]
    while todo:
        here = todo.pop()
        ordered.append(here)
        todo += after.get(here, [])[::-1]
    reached = set(ordered)
    return [*ordered, *(index for index in range(len(follows)) if index not in reached)]


def _media(content: bytes) -> str:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return _BYTES
    try:
        read_object(content, "data")
    except Malformed:
        return _TEXT
    return _JSON


def _attrs(record: Record, fit: Fit, content: bytes, before: str | None) -> bytes:
    """Say what the original says of a record, and whether its signature fits."""
    original: dict[str, Json] = {
        "place": record.place,
        "signature": record.signature,
        "signature_fits": str(fit),
    }
    # The text that was signed along is that of the record this one follows, unless it is
    # spelled otherwise or names none.
    if record.prev and record.prev != before:
        original["prev_signature"] = record.prev
    if content != record.shown.encode("utf-8"):
        original["shown"] = record.shown
    if record.shadow:
        original["is_shadow"] = True
    if record.rest:
        original["rest"] = record.rest
    attrs: dict[str, Json] = {"provider": PROVIDER, "iolite": original}
    if record.namespace is not None:
        attrs["type"] = record.namespace
    if record.lane:
        attrs["model"] = record.lane
    return write_attrs(attrs)
