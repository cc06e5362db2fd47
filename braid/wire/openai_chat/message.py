"""One message of Chat Completions, in a request or an answer, to blocks.

Shapes: https://platform.openai.com/docs/api-reference/chat/create, and for reasoning beside
the content what servers that speak like OpenAI send.
"""

from __future__ import annotations

from dataclasses import replace

from msgspec import Raw

from braid.node import Kind, Origin
from braid.wire.block import Block
from braid.wire.native import Marks, Members, Native, make_block, say_json, say_nothing, say_text
from braid.wire.openai.part import (
    PROVIDER,
    ROLES,
    keep_raw,
    points_away,
    read_content,
    read_part,
    read_string,
)
from braid.wire.openai_chat.call import read_call, read_function_call
from braid.wire.raw_json import (
    attrs_can_hold,
    is_list,
    is_null,
    is_object,
    is_string,
    join_members,
    read_items,
    read_members,
    read_word,
    write_word,
)

REASONING = ("reasoning_content", "reasoning")
"""Under which names servers send reasoning; some send it under both."""

_EMPTY = b'""'


def read_message(raw: Raw) -> tuple[Block, ...]:
    """Read one message of a request; what says no word goes with its first block."""
    members = read_members(raw) if is_object(raw) else {}
    speaker = read_word(members.get("role")) or ""
    if speaker in ("tool", "function"):
        return (_read_result(raw, members, speaker),)
    role = ROLES.get(speaker)
    rest = {name: value for name, value in members.items() if name != "role" or speaker != role}
    blocks = [] if role is None else read_said(rest, role, Origin.CLIENT)
    if not blocks or not attrs_can_hold(rest):
        unseen = points_away(members)
        return (keep_raw(raw, role or speaker, Origin.CLIENT, unseen=unseen),)
    if rest:
        first = blocks[0]
        blocks[0] = replace(first, attrs={**first.attrs, "message": join_members(rest)})
    return tuple(blocks)


def read_said(
    members: dict[str, Raw], role: str, origin: Origin, marks: Marks | None = None
) -> list[Block]:
    """Read what a message says, and take that out of its members.

    These have no order, so blocks stand in the order of speaking: reasoning, content,
    refusal, audio, calls. An empty string says nothing where anything else is said.
    """
    blocks = _read_reasoning(members, origin, marks) if role == "assistant" else []
    content = members.get("content")
    if content is not None and _says(content):
        blocks += read_content(members.pop("content"), "text", role, origin, marks)
    refusal = members.get("refusal")
    if refusal is not None and is_string(refusal) and _says(refusal):
        literal = members.pop("refusal")
        blocks.append(read_string("refusal", "refusal", literal, role, origin, marks))
    audio = members.get("audio")
    if audio is not None and is_object(audio):
        blocks.append(_read_audio(members.pop("audio"), role, origin, marks))
    call = members.get("function_call")
    if call is not None and is_object(call):
        blocks.append(read_function_call(members.pop("function_call"), role, origin, marks))
    calls = members.get("tool_calls")
    if calls is not None and is_list(calls) and (items := read_items(calls)):
        del members["tool_calls"]
        blocks.extend(read_call(item, role, origin, marks) for item in items)
    if not blocks and content is not None and bytes(content) == _EMPTY:
        blocks += read_content(members.pop("content"), "text", role, origin, marks)
    return blocks


def _says(content: Raw) -> bool:
    if is_string(content):
        return bytes(content) != _EMPTY
    return is_list(content) and bool(read_items(content))


def _read_reasoning(members: dict[str, Raw], origin: Origin, marks: Marks | None) -> list[Block]:
    blocks: list[Block] = []
    for name in REASONING:
        literal = members.get(name)
        if literal is None or not is_string(literal) or not _says(literal):
            continue
        native = Native(literal, members, {"type": name}, members)
        said = say_text(Kind.THINKING, members, name)
        block = make_block(PROVIDER, native, said, "assistant", origin, marks)
        if blocks and (blocks[0].content, blocks[0].media) == (block.content, block.media):
            blocks[0] = replace(blocks[0], attrs={**blocks[0].attrs, "also": name})
        else:
            blocks.append(block)
        del members[name]
    return blocks


def _read_audio(raw: Raw, role: str, origin: Origin, marks: Marks | None) -> Block:
    """Read what a model spoke; without its data it is the id of something spoken earlier."""
    members = {"type": write_word("audio"), **read_members(raw)}
    block = read_part(raw, role, origin, marks, members)
    return block if "data" in members else replace(block, unseen=True)


def _read_result(raw: Raw, members: Members, speaker: str) -> Block:
    names: dict[str, object] = {"type": speaker}
    named = ["role"]
    for name, member in (("tool_use_id", "tool_call_id"), ("name", "name")):
        if (word := read_word(members.get(member))) is not None:
            names[name] = word
            named.append(member)
    content = members.get("content")
    if content is None or is_null(content):
        said = say_nothing(Kind.TOOL_RESULT)
    else:
        said = (
            say_text(Kind.TOOL_RESULT, members, "content")
            or say_json(Kind.TOOL_RESULT, members, "content")
            or say_nothing(Kind.TOOL_RESULT)
        )
    return make_block(
        PROVIDER,
        Native(raw, members, names, named),
        said,
        "user",
        Origin.CLIENT,
        unseen=points_away(members),
    )
