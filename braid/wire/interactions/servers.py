"""Descriptions of servers that a request hands on, which hold credentials."""

from __future__ import annotations

from msgspec import Raw

from braid.wire.credentials import HIDDEN, hide_credentials
from braid.wire.raw_json import is_object, join_members, read_members, write_word

SERVERS = ("agent_config", "environment", "tools", "webhook_config")
"""Members of a request, which an answer may repeat, that describe servers."""

_HIDDEN = write_word(HIDDEN)


def hide_servers(name: str, value: Raw) -> Raw:
    """Hide what a member of a request, in snake_case, holds of credentials."""
    if name not in SERVERS:
        return value
    value = hide_credentials(value)
    if name != "environment" or not is_object(value):
        return value
    # What the variables of an environment hold cannot be told from a credential.
    members = read_members(value)
    variables = members.get("env")
    if variables is None or not is_object(variables):
        return value
    members["env"] = join_members(dict.fromkeys(read_members(variables), _HIDDEN))
    return join_members(members)
