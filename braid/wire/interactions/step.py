"""One step of an interaction, in a request's input or an answer, to blocks.

Shapes by type: https://ai.google.dev/api/interactions-api. What was put in or came out is a
block an item, a thought one for each text of its summary, any other step one block.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from msgspec import Raw

from braid.node import Kind, Origin
from braid.wire.block import Block
from braid.wire.gemini.names import PROVIDER, is_placeholder
from braid.wire.interactions.content import (
    CONTENTS,
    keep_raw,
    open_object,
    points_away,
    read_content,
    read_item,
)
from braid.wire.native import (
    Marks,
    Members,
    Native,
    Said,
    make_block,
    say_json,
    say_nothing,
    say_text,
)
from braid.wire.raw_json import (
    JSON,
    attrs_can_hold,
    is_list,
    is_null,
    is_object,
    is_string,
    join_members,
    read_items,
    read_members,
    read_word,
)

_SPOKEN = {"user_input": "user", "model_output": "assistant"}
_ROLES = {"user": "user", "model": "assistant"}
# A tool that takes no arguments is called with an empty object or with none.
_NO_ARGUMENTS = b"{}"
_CALL_NAMES = {"id": "id", "name": "name"}
_RESULT_NAMES = {"tool_use_id": "call_id", "name": "name"}


def read_step(
    raw: Raw,
    origin: Origin,
    marks: Marks | None = None,
    members: Members | None = None,
    extra: Members | None = None,
) -> tuple[Block, ...]:
    """Read one step; `members` stand for those of `raw`. Raises TwoSpellings.

    `marks` and `extra` are as for `make_block`. Where an item of content stands in place of
    a step, it is the user's or in an answer the model's.
    """
    if members is None:
        members = open_object(raw)
        if members is None:
            return (keep_raw(raw, "", origin, marks, extra),)
    native = read_word(members.get("type"))
    if native in CONTENTS:
        role = "user" if origin is Origin.CLIENT else "assistant"
        return (read_item(raw, role, origin, marks, members=members),)
    if native in _SPOKEN:
        return _read_spoken(raw, members, _SPOKEN[native], origin, marks, extra)
    if native == "thought":
        return _read_thought(raw, members, origin, marks, extra)
    if native is None and "role" in members:
        return _read_turn(raw, members, origin, marks)
    return (_read_other(raw, native or "", members, origin, marks, extra),)


def _read_spoken(
    raw: Raw,
    members: Members,
    role: str,
    origin: Origin,
    marks: Marks | None,
    extra: Members | None,
) -> tuple[Block, ...]:
    """Read what was put in or came out; what it says beside that goes with its first item."""
    content = members.get("content")
    rest = _without(members, ("type", "content"))
    if content is None or is_null(content):
        blocks: tuple[Block, ...] = ()
    else:
        blocks = read_content(content, role, origin, marks)
    return _with_rest(blocks, raw, rest, role, origin, marks, extra)


def _read_turn(
    raw: Raw, members: Members, origin: Origin, marks: Marks | None
) -> tuple[Block, ...]:
    """Read a turn, in which earlier revisions of the protocol put all that one side said."""
    role = _ROLES.get(read_word(members["role"]) or "")
    content = members.get("content")
    if role is None or content is None or is_null(content):
        return (keep_raw(raw, role or "", origin, marks),)
    if is_list(content):
        blocks = tuple(
            block for item in read_items(content) for block in _read_said(item, role, origin)
        )
    else:
        blocks = read_content(content, role, origin, marks)
    return _with_rest(blocks, raw, _without(members, ("role", "content")), role, origin, marks)


def _read_said(raw: Raw, role: str, origin: Origin) -> tuple[Block, ...]:
    members = open_object(raw)
    if members is None or read_word(members.get("type")) in CONTENTS:
        return (read_item(raw, role, origin, members=members),)
    return read_step(raw, origin, members=members)


def _read_thought(
    raw: Raw, members: Members, origin: Origin, marks: Marks | None, extra: Members | None
) -> tuple[Block, ...]:
    """Read a thought: a block for each text of its summary, or one without words.

    The signature is that of the step, and goes with the first.
    """
    names = _read_names(members, {})
    summary = members.get("summary")
    items = [] if summary is None or is_null(summary) else [summary]
    if summary is not None and is_list(summary):
        items = read_items(summary)
    if not items:
        redacted = {"redacted": True} if "signature" in names else {}
        said = say_nothing(Kind.THINKING)._replace(members=("summary",), marks=redacted)
        native = Native(raw, members, {"type": "thought", **names}, ("type", *names))
        return (make_block(PROVIDER, native, said, "assistant", origin, marks, extra),)
    blocks = tuple(_read_summary(item, origin, marks) for item in items)
    signed = replace(blocks[0], attrs={**blocks[0].attrs, **names})
    rest = _without(members, ("type", "summary", *names))
    return _with_rest((signed, *blocks[1:]), raw, rest, "assistant", origin, marks, extra)


def _read_summary(item: Raw, origin: Origin, marks: Marks | None) -> Block:
    block = read_item(item, "assistant", origin, marks, thought=True)
    if block.kind is not Kind.THINKING:
        return block
    return replace(block, attrs={**block.attrs, "type": "thought"})


def _read_other(
    raw: Raw,
    native: str,
    members: Members,
    origin: Origin,
    marks: Marks | None,
    extra: Members | None,
) -> Block:
    names: dict[str, object] = {"type": native} if native else {}
    role, unseen = "assistant", False
    said: Said | None = None
    if native.endswith("_call"):
        names |= _read_names(members, _CALL_NAMES)
        said = _say_arguments(members)
    elif native.endswith("_result"):
        names |= _read_names(members, _RESULT_NAMES)
        said = _say_result(members)
        unseen = _shows_files(members.get("result"))
        role = "user" if native == "function_result" else role
    else:
        names |= _read_names(members, _CALL_NAMES)
        role = "" if origin is Origin.CLIENT else role
    named = [{"tool_use_id": "call_id"}.get(name, name) for name in names]
    thing = Native(raw, members, names, named)
    return make_block(PROVIDER, thing, said, role, origin, marks, extra, unseen=unseen)


def _read_names(members: Members, wanted: dict[str, str]) -> dict[str, object]:
    names: dict[str, object] = {}
    for name, member in wanted.items():
        if (word := read_word(members.get(member))) is not None:
            names[name] = word
    signature = read_word(members.get("signature"))
    if signature and not is_placeholder(signature):
        names["signature"] = signature
    return names


def _say_arguments(members: Members) -> Said:
    value = members.get("arguments")
    if value is None or is_null(value):
        return Said(Kind.TOOL_USE, JSON, _NO_ARGUMENTS, ("arguments",))
    return Said(Kind.TOOL_USE, JSON, bytes(value), ("arguments",))


def _say_result(members: Members) -> Said:
    said = say_text(Kind.TOOL_RESULT, members, "result")
    if said is None and not is_null(members.get("result", Raw(b"null"))):
        said = say_json(Kind.TOOL_RESULT, members, "result")
    return said or say_nothing(Kind.TOOL_RESULT)._replace(members=("result",))


def _shows_files(result: Raw | None) -> bool:
    if result is None or is_string(result):
        return False
    items = read_items(result) if is_list(result) else [result]
    opened = (read_members(item) for item in items if is_object(item))
    return any(points_away(item) for item in opened if read_word(item.get("type")) in CONTENTS)


def _with_rest(
    blocks: tuple[Block, ...],
    raw: Raw,
    rest: Members,
    role: str,
    origin: Origin,
    marks: Marks | None,
    extra: Members | None = None,
) -> tuple[Block, ...]:
    """Put what stands beside the content with its first block; else keep the step raw."""
    if not rest and not extra:
        return blocks
    if not blocks or not attrs_can_hold(rest):
        return (keep_raw(raw, role, origin, marks, extra),)
    attrs = dict(blocks[0].attrs)
    if rest:
        attrs["message"] = join_members(rest)
    if extra:
        held = attrs.get("extra", {})
        assert isinstance(held, dict)
        attrs["extra"] = {**held, **extra}
    return (replace(blocks[0], attrs=attrs), *blocks[1:])


def _without(members: Members, names: Collection[str]) -> dict[str, Raw]:
    return {name: value for name, value in members.items() if name not in names}
