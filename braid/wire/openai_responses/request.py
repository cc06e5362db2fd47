"""The body of `POST /v1/responses` to the context it shows the model."""

from __future__ import annotations

import re

from msgspec import Raw

from braid.node import Origin
from braid.wire.again import Again, Read, ReadBefore
from braid.wire.block import Block, Request
from braid.wire.body import open_request
from braid.wire.native import read_list
from braid.wire.openai.part import PROVIDER, keep_raw, read_string
from braid.wire.openai.tool import read_tool
from braid.wire.openai_responses.conversation import name_of
from braid.wire.openai_responses.item import read_item
from braid.wire.raw_json import is_list, is_null, is_object, is_string, join_members, read_word

_CONTEXT = ("input", "instructions", "prompt", "tools")
_FIELDS = frozenset((*_CONTEXT, "conversation", "model", "previous_response_id", "stream"))
# Here names are a user's own, of which `n` and `N` are two.
_DATA_AT = frozenset(
    {
        ("input", "action", "env"),
        ("input", "arguments"),
        ("input", "tools", "input_schema"),
        ("input", "tools", "parameters"),
        ("input", "tools", "tools", "parameters"),
        ("metadata",),
        ("prompt", "variables"),
        ("text", "format", "schema"),
        ("tools", "parameters"),
        ("tools", "tools", "parameters"),
    }
)

_find_id = re.compile(r"/responses/(?!compact$)([^/]+)(?:/cancel)?$").search


def read_request(
    body: bytes, path: str = "", before: ReadBefore | None = None, owner: str = ""
) -> Request:
    """Read a request body; bytes that cannot be read are one block. Never raises.

    What was read `before` for this owner need not be read again. The path names the response that
    is asked for again, or cancelled, with nothing new to say.
    """
    kept = _find_id(path)
    if kept is not None and not body:
        return Request((), (), (), b"{}", polls=kept[1], kept=True)
    history = Again("input", _read_item, before, owner)
    members = open_request(PROVIDER, body, _DATA_AT, history, _FIELDS)
    if isinstance(members, Request):
        return members
    parameters = {name: value for name, value in members.items() if name not in _CONTEXT}
    stream = members.get("stream")
    return Request(
        tools=read_list(PROVIDER, members.get("tools"), read_tool),
        system=(
            *_read_input(members.get("instructions"), "system", _read_item),
            *_read_prompt(members.get("prompt")),
        ),
        messages=_read_input(members.get("input"), "user", history),
        parameters=bytes(join_members(parameters)),
        model=read_word(members.get("model")),
        stream=stream is not None and bytes(stream) == b"true",
        continues=read_word(members.get("previous_response_id"))
        or name_of(members.get("conversation")),
        polls=kept and kept[1],
        kept=bytes(members.get("store", b"true")) != b"false",
    )


def _read_input(value: Raw | None, role: str, read: Read | Again) -> tuple[Block, ...]:
    if value is None or is_null(value):
        return ()
    if is_string(value):
        return (read_string("input_text", "text", value, role, Origin.CLIENT),)
    if not is_list(value):
        return (keep_raw(value, role, Origin.CLIENT),)
    return read_list(PROVIDER, value, read)


def _read_item(item: Raw) -> tuple[Block, ...]:
    return read_item(item, Origin.CLIENT)


def _read_prompt(prompt: Raw | None) -> tuple[Block, ...]:
    """Read a prompt that is stored with the provider: the model sees more than its name."""
    if prompt is None or is_null(prompt):
        return ()
    marks = {"type": "prompt"}
    return (keep_raw(prompt, "system", Origin.CLIENT, marks, unseen=is_object(prompt)),)
