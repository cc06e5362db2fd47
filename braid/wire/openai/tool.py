"""One entry of a request's list of tools to a Block."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Raw

from braid.node import Kind, Origin
from braid.wire.block import Block
from braid.wire.credentials import HIDDEN, hide_credentials
from braid.wire.native import Members
from braid.wire.openai.part import PROVIDER
from braid.wire.raw_json import (
    JSON,
    is_list,
    is_object,
    join_items,
    join_members,
    read_items,
    read_members,
    read_word,
    write_word,
)

# Responses names a tool at the top, Chat Completions one level down.
_HOLDERS = ("function", "custom")
# Where a tool that runs code is told the secrets it may use on the network.
_DOMAIN_SECRETS = (
    ("container", "network_policy", "domain_secrets"),
    ("environment", "network_policy", "domain_secrets"),
)


def read_tool(raw: Raw) -> tuple[Block]:
    """Read an entry of `tools`, or of the older `functions`, without its credentials."""
    members = read_members(raw) if is_object(raw) else {}
    attrs: dict[str, object] = {"provider": PROVIDER}
    native = read_word(members.get("type"))
    if native is not None:
        attrs["type"] = native
    if (name := _name_of(members)) is not None:
        attrs["name"] = name
    # The tools of an MCP server are told to the model by the provider alone.
    unseen = native == "mcp"
    return (Block(Kind.TOOLS, Origin.CLIENT, JSON, bytes(hide(raw)), attrs, unseen=unseen),)


def hide(raw: Raw) -> Raw:
    """Hide the credentials of a tool; what has none keeps its spelling (SPEC §6.1)."""
    if not is_object(raw):
        return raw
    if read_word(read_members(raw).get("type")) == "mcp":
        return hide_credentials(raw)
    if b"domain_secrets" not in bytes(raw):
        return raw
    for path in _DOMAIN_SECRETS:
        raw = _replace(raw, path, lambda secrets: write_word(HIDDEN))
    return raw


def hide_in(raw: Raw) -> Raw:
    """Hide the credentials of the tools that something lists as `tools`."""
    return _replace(raw, ("tools",), hide_each)


def hide_each(tools: Raw) -> Raw:
    """Hide the credentials of each tool of a list."""
    if not is_list(tools):
        return tools
    items = read_items(tools)
    shown = list(map(hide, items))
    return tools if all(map(_is_same, items, shown)) else join_items(shown)


def _replace(raw: Raw, path: tuple[str, ...], change: Callable[[Raw], Raw]) -> Raw:
    if not path:
        return change(raw)
    members = read_members(raw) if is_object(raw) else {}
    value = members.get(path[0])
    if value is None:
        return raw
    changed = _replace(value, path[1:], change)
    return raw if _is_same(value, changed) else join_members({**members, path[0]: changed})


def _is_same(one: Raw, other: Raw) -> bool:
    return bytes(one) == bytes(other)


def _name_of(members: Members) -> str | None:
    for holder in _HOLDERS:
        held = members.get(holder)
        if held is not None and is_object(held):
            members = read_members(held)
    return read_word(members.get("name"))
