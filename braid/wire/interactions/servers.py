"""Descriptions of servers that a request hands on, which hold credentials."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Raw

from braid.wire.credentials import HIDDEN, hide_credentials, hide_in_url
from braid.wire.raw_json import (
    is_list,
    is_null,
    is_object,
    is_string,
    join_items,
    join_members,
    read_items,
    read_members,
    write_word,
)

SERVERS = ("agent_config", "environment", "tools", "webhook_config")
"""Members of a request, which an answer may repeat, that describe servers."""

_HIDDEN = write_word(HIDDEN)


def hide_servers(name: str, value: Raw) -> Raw:
    """Hide what a member of a request, in snake_case, holds of credentials."""
    if name not in SERVERS:
        return value
    value = hide_credentials(value)
    if name == "environment":
        return _each(value, _ENVIRONMENT)
    if name == "webhook_config":
        return _each(value, {"uris": _hide_urls})
    return value


def _hide_values(value: Raw) -> Raw:
    """Hide what variables hold: it cannot be told from a credential."""
    if not is_object(value):
        return value
    return join_members(dict.fromkeys(read_members(value), _HIDDEN))


def _hide_urls(value: Raw) -> Raw:
    if is_list(value):
        return join_items([_hide_urls(item) for item in read_items(value)])
    return hide_in_url(value) if is_string(value) else value


#: What of an environment may be a credential whatever it is called: variables, the headers that
#: are put into what it sends, and where it gets its files from.
_ENVIRONMENT: Mapping[str, Callable[[Raw], Raw]] = {
    "env": _hide_values,
    "transform": lambda value: value if is_null(value) else _HIDDEN,
    "source": _hide_urls,
}


def _each(value: Raw, hiding: Mapping[str, Callable[[Raw], Raw]]) -> Raw:
    """Hide the members of these names at any depth; what has none keeps its spelling."""
    if is_list(value):
        items = read_items(value)
        kept = [_each(item, hiding) for item in items]
        return value if kept == items else join_items(kept)
    if not is_object(value):
        return value
    members = read_members(value)
    shown = {
        name: hiding[name](member) if name in hiding else _each(member, hiding)
        for name, member in members.items()
    }
    return value if shown == members else join_members(shown)
