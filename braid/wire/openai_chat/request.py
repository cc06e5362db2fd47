"""The body of `POST /v1/chat/completions` to the context it shows the model."""

from __future__ import annotations

import re

from msgspec import Raw

from braid.node import Kind
from braid.wire.again import Again, ReadBefore
from braid.wire.block import Request
from braid.wire.body import open_request
from braid.wire.native import read_list
from braid.wire.openai.part import PROVIDER
from braid.wire.openai.tool import read_tool
from braid.wire.openai_chat.message import read_message
from braid.wire.raw_json import join_members, read_word

_CONTEXT = ("functions", "messages", "tools")
_FIELDS = frozenset((*_CONTEXT, "echo", "model", "n", "stream"))
# Here names are a user's own, of which `n` and `N` are two.
_DATA_AT = frozenset(
    {
        ("functions", "parameters"),
        ("messages", "function_call", "arguments"),
        ("messages", "tool_calls", "function", "arguments"),
        ("metadata",),
        ("response_format", "json_schema", "schema"),
        ("tools", "function", "parameters"),
    }
)

_is_count = re.compile(rb"[1-9]\d{0,8}").fullmatch


def read_request(body: bytes, before: ReadBefore | None = None, owner: str = "") -> Request:
    """Read a request body; bytes that cannot be read are one block. Never raises.

    What was read `before` for this owner need not be read again.
    """
    history = Again("messages", read_message, before, owner)
    members = open_request(PROVIDER, body, _DATA_AT, history, _FIELDS)
    if isinstance(members, Request):
        return members
    parameters = {name: value for name, value in members.items() if name not in _CONTEXT}
    stream = members.get("stream")
    messages = read_list(PROVIDER, members.get("messages"), history)
    # What instructs the model before anyone has said a word is no part of what was said.
    begins = next((n for n, each in enumerate(messages) if each.kind is not Kind.SYSTEM), None)
    return Request(
        tools=(
            *read_list(PROVIDER, members.get("tools"), read_tool),
            *read_list(PROVIDER, members.get("functions"), read_tool),
        ),
        system=messages[:begins],
        messages=() if begins is None else messages[begins:],
        parameters=bytes(join_members(parameters)),
        model=read_word(members.get("model")),
        stream=stream is not None and bytes(stream) == b"true",
        candidates=_read_count(members.get("n")),
    )


def _read_count(n: Raw | None) -> int:
    return int(bytes(n)) if n is not None and _is_count(bytes(n)) else 1
