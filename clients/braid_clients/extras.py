"""What stands beside the words of an answer, as far as it can be compared after an SDK had it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from braid.strict_json import Json
from braid.wire.block import Block
from braid_verifier.history import numbers

BESIDE = ("namespace", "citations", "annotations")
"""Of a tool call whose it is, of a text what it was taken from."""


def beside(block: Block) -> dict[str, Json]:
    """Give the members of `BESIDE` that say something."""
    extra = block.attrs.get("extra")
    if not isinstance(extra, Mapping):
        return {}
    said = {name: _plain(extra[name]) for name in BESIDE if name in extra}
    return {name: value for name, value in said.items() if value not in (None, [], {})}


def agrees(said: Json, recorded: Json) -> bool:
    """Tell whether two values say the same wherever both say something: SDKs drop what they do not know."""
    if isinstance(said, dict) and isinstance(recorded, dict):
        return all(agrees(said[name], recorded[name]) for name in said.keys() & recorded.keys())
    if isinstance(said, list) and isinstance(recorded, list):
        return len(said) == len(recorded) and all(map(agrees, said, recorded))
    return said is None or recorded is None or said == recorded


def _plain(value: object) -> Json:
    """Give a value without its nulls, its numbers in one spelling."""
    decoded: Json = msgspec.json.decode(msgspec.json.encode(value))
    return numbers(_without_nulls(decoded))


def _without_nulls(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _without_nulls(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_without_nulls(one) for one in value]
    return value
