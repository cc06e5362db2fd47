"""One item of Responses, in a request's input or an answer's output, to blocks.

Shapes by type: https://platform.openai.com/docs/api-reference/responses/object, under
`output`, and `input` of the request. A message is a block a part, and so is reasoning.
"""

from __future__ import annotations

from dataclasses import replace

from msgspec import Raw

from braid.node import Kind, Origin
from braid.wire.block import Block
from braid.wire.native import (
    Marks,
    Members,
    Native,
    make_block,
    say_nothing,
)
from braid.wire.openai.part import (
    PROVIDER,
    ROLES,
    keep_raw,
    points_away,
    read_content,
    read_part,
)
from braid.wire.openai.tool import hide_in
from braid.wire.openai_responses.call import CLIENTS, read_one
from braid.wire.raw_json import (
    attrs_can_hold,
    is_list,
    is_object,
    is_string,
    join_members,
    read_items,
    read_members,
    read_word,
)

_THOUGHTS = ("summary", "content")
_NOTHING = (b"", b"null", b'""')


def read_item(raw: Raw, origin: Origin, marks: Marks | None = None) -> tuple[Block, ...]:
    """Read one item; what a message or reasoning says beside its parts goes with the first."""
    if not is_object(raw):
        return (keep_raw(raw, "", origin, marks),)
    members = read_members(raw)
    if "tools" in members:
        raw = hide_in(raw)
        members = read_members(raw)
    native = type_of(members)
    if native == "message":
        return _read_message(raw, members, origin, marks)
    if native == "reasoning":
        return _read_reasoning(raw, members, origin, marks)
    return (read_one(raw, native, members, origin, marks),)


def type_of(members: Members) -> str | None:
    """Give the type of an item; a client may leave out two of them."""
    native = read_word(members.get("type"))
    if native is not None:
        return native
    if "role" in members:
        return "message"
    return "item_reference" if "id" in members else None


def is_listed(members: Members) -> bool:
    """Say whether an item of an answer is input that it lists (SPEC §3.3)."""
    native = type_of(members)
    if native == "message":
        return read_word(members.get("role")) != "assistant"
    return native in CLIENTS


def _read_message(
    raw: Raw, members: Members, origin: Origin, marks: Marks | None
) -> tuple[Block, ...]:
    speaker = read_word(members.get("role")) or ""
    role = ROLES.get(speaker)
    content = members.get("content")
    if role is None or content is None or not (is_string(content) or is_list(content)):
        return (_keep(raw, members, role or speaker, origin, marks),)
    native = "output_text" if role == "assistant" else "input_text"
    blocks = list(read_content(content, native, role, origin, {**_id(members), **(marks or {})}))
    taken = {"content", *_id(members)} | ({"role"} if speaker == role else set())
    blocks = blocks and _with_rest(blocks, _without(members, taken))
    return tuple(blocks) or (_keep(raw, members, role, origin, marks),)


def _read_reasoning(
    raw: Raw, members: Members, origin: Origin, marks: Marks | None
) -> tuple[Block, ...]:
    """Read reasoning: a block for each text of it, or one without words where it has none.

    What only the provider can read is the signature of the first.
    """
    signed = dict(_id(members))
    sealed = members.get("encrypted_content")
    if (signature := read_word(sealed)) is not None:
        signed["signature"] = signature
    taken = {{"signature": "encrypted_content"}.get(name, name) for name in signed}
    blocks: list[Block] = []
    for name in _THOUGHTS:
        value = members.get(name)
        if value is not None and is_list(value) and (parts := read_items(value)):
            taken.add(name)
            own = {**_id(members), **(marks or {})}
            blocks += [read_part(part, "assistant", origin, own) for part in parts]
    if not blocks:
        # The provider keeps what came without words and without a seal, and shows it the model.
        unseen = origin is Origin.CLIENT and not signature
        if signature:
            signed["redacted"] = True
        thinking = Native(raw, members, {"type": "reasoning", **signed}, (*taken, "type"))
        said = say_nothing(Kind.THINKING)
        return (make_block(PROVIDER, thinking, said, "assistant", origin, marks, unseen=unseen),)
    blocks[0] = replace(blocks[0], attrs={**blocks[0].attrs, **signed})
    return tuple(_with_rest(blocks, _without(members, taken))) or (
        _keep(raw, members, "assistant", origin, marks),
    )


def _with_rest(blocks: list[Block], rest: Members) -> list[Block]:
    """Put what stands beside the parts with the first; no blocks where attrs cannot hold it."""
    if not rest:
        return blocks
    if not attrs_can_hold(rest):
        return []
    first = replace(blocks[0], attrs={**blocks[0].attrs, "message": join_members(rest)})
    return [first, *blocks[1:]]


def _keep(raw: Raw, members: Members, role: str, origin: Origin, marks: Marks | None) -> Block:
    native = read_word(members.get("type"))
    names = ({} if native is None else {"type": native}) | _id(members)
    return keep_raw(raw, role, origin, {**names, **(marks or {})}, unseen=points_away(members))


def _id(members: Members) -> dict[str, object]:
    word = read_word(members.get("id"))
    return {} if word is None else {"id": word}


def _without(members: Members, names: set[str]) -> dict[str, Raw]:
    return {name: value for name, value in members.items() if name not in names}
