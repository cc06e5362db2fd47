"""The body of `…:generateContent` or `…:streamGenerateContent` to the context it shows the model."""

from __future__ import annotations

import re

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
    camel,
    has_other_case,
    in_both_spellings,
    normalise,
    respell,
)
from braid.wire.gemini.part import read_part, take_apart
from braid.wire.native import keep_raw
from braid.wire.raw_json import (
    JSON,
    attrs_can_hold,
    is_list,
    is_null,
    is_object,
    join_members,
    read_items,
    read_members,
    read_word,
)

_CONTEXT = ("contents", "systemInstruction", "tools")
_FIELDS = (*_CONTEXT, "cachedContent", "continuationToken", "generationConfig")
_ROLES = {"model": "assistant", None: "user"}
# Here names are a user's own, of which `n` and `N` are two.
_PART_DATA = (
    ("functionCall", "args"),
    ("functionResponse", "response"),
    ("toolCall", "args"),
    ("toolResponse", "response"),
    ("partMetadata",),
)
_DATA_AT = in_both_spellings(
    [
        *(("contents", "parts", *path) for path in _PART_DATA),
        ("tools", "functionDeclarations", "parameters"),
        ("tools", "functionDeclarations", "parametersJsonSchema"),
        ("tools", "functionDeclarations", "response"),
        ("tools", "functionDeclarations", "responseJsonSchema"),
        ("generationConfig", "responseSchema"),
        ("generationConfig", "responseJsonSchema"),
        ("labels",),
    ]
)
_find_model = re.compile(r"/([^/:]+/)?([^/:]+):\w+$").search
_COUNT = re.compile(r"[1-9]\d{0,3}")


def read_request(
    body: bytes, path: str = "", before: ReadBefore | None = None, owner: str = ""
) -> Request:
    """Read a request body; bytes that cannot be read are one block. Never raises.

    What was read `before` for this owner need not be read again.
    The path names the model, and says whether the answer is to be streamed.
    """
    history = Again("contents", _read_content, before, owner)
    spelled = open_request(PROVIDER, body, _DATA_AT, history)
    if isinstance(spelled, Request):
        return spelled
    try:
        members = respell(spelled)
        if has_other_case(members, _FIELDS):
            return keep_unread(PROVIDER, body, OTHER_CASE)
        cached, config = members.get("cachedContent"), members.get("generationConfig")
        token = read_word(members.get("continuationToken"))
        return Request(
            tools=_read_tools(members.get("tools")),
            system=_read_content(members.get("systemInstruction"), "system"),
            messages=_read_cached(cached) + _read_contents(members.get("contents"), history),
            parameters=bytes(
                join_members(
                    {name: raw for name, raw in spelled.items() if camel(name) not in _CONTEXT}
                )
            ),
            model=_read_model(path) or read_word(members.get("model")),
            stream=path.endswith(":streamGenerateContent"),
            continues=None if token is None else normalise(token),
            repeats=token is not None,
            candidates=_count_candidates(config),
        )
    except TwoSpellings:
        return keep_unread(PROVIDER, body, TWO_SPELLINGS)


def _read_model(path: str) -> str | None:
    found = _find_model(path)
    if found is None:
        return None
    collection, name = found.groups()
    return name if collection in (None, "models/") else f"{collection}{name}"


def _count_candidates(config: Raw | None) -> int:
    if config is None or not is_object(config):
        return 1
    count = bytes(respell(read_members(config)).get("candidateCount", b"1")).decode()
    return int(count) if _COUNT.fullmatch(count) else 1


def _read_cached(cached: Raw | None) -> tuple[Block, ...]:
    """Read the name of content that the provider keeps and puts before what is sent."""
    if cached is None or is_null(cached):
        return ()
    marks = {"type": "cachedContent"}
    return (keep_raw(PROVIDER, cached, "", Origin.CLIENT, marks, unseen=True),)


def _read_tools(tools: Raw | None) -> tuple[Block, ...]:
    return tuple(block for tool in _items(tools) for block in _read_tool(tool))


def _read_tool(tool: Raw) -> tuple[Block, ...]:
    """Read one entry of `tools`: each function is a block, and each other tool."""
    if not is_object(tool):
        return (keep_raw(PROVIDER, tool, "", Origin.CLIENT),)
    spelled = {name: raw for name, raw in read_members(tool).items() if not is_null(raw)}
    respell(spelled)
    blocks: list[Block] = []
    for name, raw in spelled.items():
        native = camel(name)
        functions = _items(raw) if native == "functionDeclarations" else []
        blocks.extend(_tool(function, "functionDeclaration") for function in functions)
        if not functions:
            shown = hide_credentials(raw)
            alone = len(spelled) == 1 and shown == raw
            blocks.append(_tool(tool if alone else join_members({name: shown}), native))
    return tuple(blocks) or (_tool(tool, None),)


def _tool(raw: Raw, native: str | None) -> Block:
    """Make the block of a tool; those of other servers are defined where no request shows it."""
    attrs: dict[str, object] = {"provider": PROVIDER}
    if native is not None:
        attrs["type"] = native
    name = read_word(read_members(raw).get("name")) if is_object(raw) else None
    if name is not None:
        attrs["name"] = name
    unseen = native == "mcpServers"
    return Block(Kind.TOOLS, Origin.CLIENT, JSON, bytes(raw), attrs, unseen=unseen)


def _read_contents(contents: Raw | None, history: Again) -> tuple[Block, ...]:
    if contents is not None and is_list(contents):
        return history.read(contents)
    return tuple(block for content in _items(contents) for block in _read_content(content))


def _read_content(content: Raw | None, role: str | None = None) -> tuple[Block, ...]:
    """Read one content; what it says beside role and parts goes with its first block."""
    if content is None or is_null(content):
        return ()
    if not is_object(content):
        return (keep_raw(PROVIDER, content, role or "", Origin.CLIENT),)
    members = {
        name: raw for name, raw in respell(read_members(content)).items() if not is_null(raw)
    }
    parts = members.pop("parts", None)
    if role is None:
        native = read_word(members.get("role"))
        if native is not None:
            del members["role"]
        role = _ROLES.get(native, native or "")
    if "role" in members and role != "system":
        return (keep_raw(PROVIDER, content, "", Origin.CLIENT),)
    marks = {"message": join_members(members)} if members else None
    blocks = tuple(
        read_part(take_apart(part), role, Origin.CLIENT, None if place else marks)
        for place, part in enumerate(_items(parts))
    )
    if members and not (blocks and attrs_can_hold(members)):
        return (keep_raw(PROVIDER, content, role, Origin.CLIENT),)
    return blocks


def _items(value: Raw | None) -> list[Raw]:
    """Take a list apart; one value in place of a list is a list of it to the provider."""
    if value is None or is_null(value):
        return []
    return read_items(value) if is_list(value) else [value]
