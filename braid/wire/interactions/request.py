"""The body of `POST /v1beta/interactions` to the context it shows the model."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Raw

from braid.node import Kind, Origin
from braid.wire.again import Again, ReadBefore
from braid.wire.block import Block, Request
from braid.wire.body import keep_unread, open_request
from braid.wire.credentials import hide_credentials
from braid.wire.gemini.names import (
    OTHER_CASE,
    PROVIDER,
    TWO_SPELLINGS,
    TwoSpellings,
    has_other_case,
    in_both_spellings,
    respell,
    snake,
)
from braid.wire.interactions.content import keep_raw, open_object, read_content, read_string
from braid.wire.interactions.servers import SERVERS, hide_servers
from braid.wire.interactions.step import read_step
from braid.wire.native import Members, read_list
from braid.wire.raw_json import (
    JSON,
    is_list,
    is_null,
    is_object,
    is_string,
    join_members,
    read_word,
)

_CONTEXT = ("input", "system_instruction", "tools")
_FIELDS = (
    *_CONTEXT,
    *SERVERS,
    "agent",
    "cached_content",
    "continuation_token",
    "model",
    "previous_interaction_id",
    "stream",
)
# Here names are a user's own, of which `n` and `N` are two.
_DATA_AT = in_both_spellings(
    [
        ("input", "arguments"),
        ("input", "result"),
        ("input", "content", "arguments"),
        ("input", "content", "result"),
        ("tools", "parameters"),
        ("tools", "headers"),
        ("responseFormat",),
        ("agentConfig",),
        ("labels",),
    ]
)
_find_id = re.compile(r"/interactions/([^/?]+)(?:/cancel)?$").search


def read_request(
    body: bytes, path: str = "", before: ReadBefore | None = None, owner: str = ""
) -> Request:
    """Read a request body; bytes that cannot be read are one block. Never raises.

    What was read `before` for this owner need not be read again.
    The path names the interaction that is asked for again, or cancelled, without a body.
    """
    kept = _find_id(path)
    if kept is not None and not body:
        return Request((), (), (), b"{}", polls=kept[1])
    history = Again("input", _read_entry, before, owner)
    spelled = open_request(PROVIDER, body, _DATA_AT, history)
    if isinstance(spelled, Request):
        return spelled
    try:
        members = respell(spelled, snake)
        if has_other_case(members, _FIELDS):
            return keep_unread(PROVIDER, body, OTHER_CASE)
        parameters = {
            name: hide_servers(snake(name), raw)
            for name, raw in spelled.items()
            if snake(name) not in _CONTEXT
        }
        token = read_word(members.get("continuation_token"))
        continues = read_word(members.get("previous_interaction_id")) or token
        return Request(
            tools=(
                *read_list(PROVIDER, members.get("tools"), _read_tool),
                *_read_unseen(members),
            ),
            system=_read_system(members.get("system_instruction")),
            messages=_read_cached(members.get("cached_content"))
            + _read_input(members.get("input"), history),
            parameters=bytes(join_members(parameters)),
            model=read_word(members.get("model")) or read_word(members.get("agent")),
            stream=bytes(members.get("stream", b"")) == b"true",
            continues=None if kept else continues,
            repeats=token is not None,
            polls=kept and kept[1],
        )
    except TwoSpellings:
        return keep_unread(PROVIDER, body, TWO_SPELLINGS)


def _read_tool(tool: Raw) -> tuple[Block, ...]:
    members = open_object(tool) or {}
    words = {name: read_word(members.get(name)) for name in ("type", "name")}
    attrs: dict[str, object] = {"provider": PROVIDER}
    attrs |= {name: word for name, word in words.items() if word is not None}
    native = words["type"]
    shown = tool if native == "function" else hide_credentials(tool)
    # The tools of a server are defined where no request shows it.
    unseen = native == "mcp_server"
    return (Block(Kind.TOOLS, Origin.CLIENT, JSON, bytes(shown), attrs, unseen=unseen),)


def _read_unseen(members: Members) -> Iterator[Block]:
    """Give what has instructions, tools or files of its own that no request holds."""
    for name in ("agent", "environment"):
        value = members.get(name)
        if value is not None and not is_null(value):
            content = bytes(join_members({name: hide_servers(name, value)}))
            attrs = {"provider": PROVIDER, "type": "unseen"}
            yield Block(Kind.TOOLS, Origin.CLIENT, JSON, content, attrs, unseen=True)


def _read_system(system: Raw | None) -> tuple[Block, ...]:
    if system is None or is_null(system):
        return ()
    return read_content(system, "system", Origin.CLIENT)


def _read_cached(cached: Raw | None) -> tuple[Block, ...]:
    """Read the name of content that the provider keeps and puts before what is sent."""
    if cached is None or is_null(cached):
        return ()
    return (keep_raw(cached, "", Origin.CLIENT, {"type": "cached_content"}, unseen=True),)


def _read_input(value: Raw | None, history: Again) -> tuple[Block, ...]:
    """Read the input: a string, a step or item of content, or a list of them."""
    if value is None or is_null(value):
        return ()
    if is_string(value):
        return (read_string(value, "user", Origin.CLIENT),)
    return history.read(value) if is_list(value) else _read_entry(value)


def _read_entry(item: Raw) -> tuple[Block, ...]:
    if is_object(item) or not is_string(item):
        return read_step(item, Origin.CLIENT)
    return (read_string(item, "user", Origin.CLIENT),)
