"""Arguments of a call that are streamed in pieces, each a JSON path and a value.

The pieces are `PartialArg` (https://docs.cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1beta1/Content),
their paths normalised ones of RFC 9535 §2.7, and shorter ones with a dot before a name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

from msgspec import Raw

from braid.wire.gemini.names import TwoSpellings, respell
from braid.wire.raw_json import (
    DEPTH_LIMIT,
    is_list,
    is_null,
    is_object,
    is_string,
    join_items,
    join_members,
    read_items,
    read_members,
    read_word,
)

_NULL = Raw(b"null")
_VALUES = ("stringValue", "numberValue", "boolValue", "nullValue")
_STEP = re.compile(
    r"""\.(?P<name>[^.\[\]'"]+) | \[(?P<place>0|[1-9]\d{0,5})\]
    | \['(?P<single>(?:[^'\\]|\\.)*)'\] | \["(?P<double>(?:[^"\\]|\\.)*)"\]""",
    re.VERBOSE,
)


class _Unfit(Exception):
    """A piece that has no place among the others."""


@dataclass(slots=True)
class _Text:
    """A string that may go on. Its parts are joined as spelled: one may end within a pair."""

    parts: list[bytes] = field(default_factory=list)
    ended: bool = False


_Node: TypeAlias = "dict[str, _Node] | list[_Node] | _Text | Raw"


def assemble(pieces: Iterable[Raw]) -> Raw | None:
    """Put arguments together; None if some piece does not fit."""
    root: dict[str, _Node] = {}
    try:
        for piece in pieces:
            _add(root, piece)
    except (_Unfit, TwoSpellings):
        return None
    return _write(root)


def read_pieces(value: Raw | None) -> list[Raw]:
    """Take the pieces of one part of a call."""
    return read_items(value) if value is not None and is_list(value) else []


def _add(root: dict[str, _Node], piece: Raw) -> None:
    members = respell(read_members(piece)) if is_object(piece) else {}
    steps = _read_path(read_word(members.get("jsonPath")))
    values = [name for name in _VALUES if name in members and not is_null(members[name])]
    if not values and "nullValue" in members:
        values = ["nullValue"]
    if len(values) > 1 or (values and not steps):
        raise _Unfit
    if not values:  # an end, or a beginning, and no word of it
        return
    value = members[values[0]]
    holder: _Node = root
    for step, following in pairwise(steps):
        holder = _enter(holder, step, [] if isinstance(following, int) else {})
    if values[0] != "stringValue":
        is_new = value if values[0] != "nullValue" else _NULL
        if _enter(holder, steps[-1], is_new) is not is_new:
            raise _Unfit
        return
    text = _enter(holder, steps[-1], _Text())
    if not isinstance(text, _Text) or text.ended or not is_string(value):
        raise _Unfit
    text.parts.append(bytes(value)[1:-1])
    going_on = members.get("willContinue", _NULL)
    text.ended = is_null(going_on) or bytes(going_on) == b"false"


def _enter(holder: _Node, step: str | int, new: _Node) -> _Node:
    if isinstance(holder, dict) and isinstance(step, str):
        return holder.setdefault(step, new)
    if isinstance(holder, list) and isinstance(step, int) and step <= len(holder):
        if step == len(holder):
            holder.append(new)
        return holder[step]
    raise _Unfit


def _read_path(path: str | None) -> list[str | int]:
    if path is None or not path.startswith("$"):
        raise _Unfit
    steps: list[str | int] = []
    at = 1
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None or len(steps) == DEPTH_LIMIT:
            raise _Unfit
        steps.append(int(step["place"]) if step["place"] else _read_name(step))
        at = step.end()
    return steps


def _read_name(step: re.Match[str]) -> str:
    if step["name"] is not None:
        return step["name"]
    quoted = step["double"]
    if quoted is None:
        quoted = step["single"].replace("\\'", "'").replace('"', '\\"')
    try:
        name = json.loads(f'"{quoted}"')
    except ValueError as fault:
        raise _Unfit from fault
    return str(name)


def _write(node: _Node) -> Raw:
    if isinstance(node, dict):
        return join_members({name: _write(value) for name, value in node.items()})
    if isinstance(node, list):
        return join_items(map(_write, node))
    if isinstance(node, _Text):
        return Raw(b'"%b"' % b"".join(node.parts))
    return node
