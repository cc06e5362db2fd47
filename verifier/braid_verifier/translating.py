"""What clients write anew when they hand a conversation to another provider (SPEC §8.4).

A tool is defined in other members, and what instructs stands in another list. That is the same said
in another format, and no change of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from braid.node import Kind
from braid.strict_json import Json
from braid.wire.block import Block
from braid_verifier import spelling
from braid_verifier.history import numbers, read
from braid_verifier.judgement import Memory, Resent

_SCHEMAS = (
    "parameters",
    "input_schema",
    "parametersJsonSchema",
    "parameters_json_schema",
    "inputSchema",
)
# Members that say how a format handles a tool, and no word of it.
_HANDLING = frozenset(("type", "strict", "defer_loading", "cache_control"))
_TYPES = (None, "function", "custom")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_NAMED = ("properties", "$defs", "definitions")


class Definition(NamedTuple):
    """A tool: in which format it is written, and what it says in any."""

    form: tuple[object, ...]
    says: tuple[str, str, Json]


def is_translation(ours: Block, theirs: Block) -> bool:
    """Tell whether two definitions of a tool say the same, each in a format of its own."""
    mine, its = definition(ours), definition(theirs)
    return mine is not None and its is not None and mine.form != its.form and mine.says == its.says


def definition(block: Block) -> Definition | None:
    """Take a tool apart; None for one that not every format knows."""
    tool = read(block.content)
    if not isinstance(tool, dict):
        return None
    inner = tool.get("function")
    wrapped = isinstance(inner, dict)
    body = inner if isinstance(inner, dict) else tool
    members = {name: member for name, member in body.items() if member is not None}
    if wrapped and not tool.keys() <= {"function", *_HANDLING}:
        return None
    schemas = [name for name in _SCHEMAS if name in members]
    name, about = members.get("name"), members.get("description", "")
    if (
        len(schemas) > 1
        or not isinstance(name, str)
        or not isinstance(about, str)
        or tool.get("type") not in _TYPES
        or not members.keys() <= {"name", "description", *schemas, *_HANDLING}
    ):
        return None
    form = (wrapped, *schemas, tool.get("type"), "strict" in body)
    return Definition(form, (name, about, _schema(members[schemas[0]]) if schemas else {}))


def _schema(value: Json, name: str = "") -> Json:
    """Give a schema without what formats add and leave out of themselves; `name` is whose it is."""
    if not isinstance(value, dict):
        return numbers(value)
    said: dict[str, Json] = {}
    for key, member in value.items():
        if member is None or key == "$schema":
            continue
        if key == "additionalProperties" and isinstance(member, bool):
            continue
        if key == "title" and isinstance(member, str) and _bare(member) == _bare(name):
            continue  # what pydantic calls a parameter by itself
        if key == "type" and isinstance(member, str):
            said[key] = member.lower()
        elif key in _NAMED and isinstance(member, dict):
            if member:
                said[key] = {one: _schema(each, one) for one, each in member.items()}
        elif key in _LISTS and isinstance(member, list):
            said[key] = [_schema(each) for each in member]
        elif key == "required" and isinstance(member, list):
            if member:
                said[key] = member
        else:
            said[key] = _schema(member)
    return {} if said == {"type": "object"} else said


def _bare(words: str) -> str:
    return "".join(words.split()).replace("_", "").casefold()


class Settled(NamedTuple):
    """Instructions that stand in another list than before.

    path   the conversation without those that came in the request's own list.
    known  the nodes of those that the request's messages begin with, and were in that list.
    """

    path: Sequence[int]
    known: tuple[int, ...] = ()


def settle(
    memory: Memory,
    path: Sequence[int],
    resent: Sequence[Resent],
    before: Sequence[int],
    sent: Sequence[Resent],
) -> Settled:
    """Find the instructions that moved between a list of their own and the front of the messages.

    `before` are the nodes of that list in the known call, `sent` the blocks of that of the request.
    """
    opens = leading([memory.known(node).kind for node in path[: len(sent) + 1]])
    begins = leading([one.block.kind for one in resent[: len(before) + 1]])
    if opens and not begins:
        said = {spelling.letters(one.block) for one in sent}
        texts = [memory.block(node) for node in path[:opens]]
        if all(text is not None and spelling.letters(text) in said for text in texts):
            return Settled(path[opens:])
    if begins and not opens:
        texts = [memory.block(node) for node in before]
        nodes = {
            spelling.letters(text): node
            for node, text in zip(before, texts, strict=True)
            if text is not None
        }
        known = [nodes.get(spelling.letters(one.block)) for one in resent[:begins]]
        found = tuple(node for node in known if node is not None)
        if len(found) == len(known):
            return Settled(path, found)
    return Settled(path)


def leading(kinds: Sequence[Kind]) -> int:
    """Count the instructions that a list of messages begins with."""
    return next((n for n, kind in enumerate(kinds) if kind is not Kind.SYSTEM), len(kinds))
