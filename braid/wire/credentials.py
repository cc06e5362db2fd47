"""Credentials that a request hands on to a provider's tools: replaced before anything is kept.

The value becomes a JSON string that says so; every other value keeps its spelling (SPEC §6.1).
"""

from __future__ import annotations

import re

from msgspec import Raw

from braid.wire.raw_json import (
    is_list,
    is_null,
    is_object,
    is_string,
    join_items,
    join_members,
    read_items,
    read_members,
    read_word,
    write_word,
)

HIDDEN = "[credential not recorded]"

_HIDDEN = write_word(HIDDEN)
_SECRETS = frozenset({"auth", "authorization", "credential", "credentials", "headers"})
_SECRET_ENDINGS = ("apikey", "apikeystring", "token", "secret", "password")
_URL = re.compile(
    r"(\s*[a-z][a-z0-9+.-]*:[/\\]*)?([^/\\?#]*@)?([^?#]*)([?#].*)?", re.DOTALL | re.IGNORECASE
)
# In bytes that are no JSON for sure, the names that providers give to a server's credential, and
# those of headers that carry one.
_COLON = rb"[ \t\r\n]*:[ \t\r\n]*"
# Any of these may be cut off.
_STRING = rb'"(?:[^"\\]|\\.)*+["\\]?'
_OBJECT = rb'\{(?:[^{}"]|%b|\{(?:[^{}"]|%b)*+\}?)*+\}?' % (_STRING, _STRING)
_LIST = rb'\[(?:[^\[\]"]|%b|\[(?:[^\[\]"]|%b)*+\]?)*+\]?' % (_STRING, _STRING)
_IN_BYTES = re.compile(
    rb'("(?:authorization|[\w-]{0,64}(?:api[_-]?key(?:[_-]?string)?|token|secret|password))"'
    + _COLON
    + rb")"
    + _STRING,
    re.DOTALL | re.IGNORECASE,
)
_HEADERS_IN_BYTES = re.compile(
    rb'("headers"%b)(?:%b|%b|%b)' % (_COLON, _OBJECT, _LIST, _STRING), re.DOTALL | re.IGNORECASE
)
_URL_IN_BYTES = re.compile(
    rb'("(?P<name>[\w-]{0,64}ur[li])"' + _COLON + rb'"[a-z][a-z0-9+.-]{0,32}:[/\\]*)'
    rb'(?P<user>[^"/\\?#]*@)?(?P<place>[^"?#]*)(?P<rest>[^"]*)',
    re.IGNORECASE,
)


def hide_credentials(value: Raw) -> Raw:
    """Hide what a description of servers holds of credentials, at any depth.

    They stand in members named for it, and in the user part and the query of each `url`.
    """
    if is_list(value):
        items = read_items(value)
        kept = [hide_credentials(item) for item in items]
        return value if kept == items else join_items(kept)
    if not is_object(value):
        return value
    members = read_members(value)
    shown = {name: _hide_member(name, member) for name, member in members.items()}
    return value if shown == members else join_members(shown)


def without_credentials(body: bytes) -> bytes:
    """Hide the credentials of servers in a body that could not be read, as far as they show.

    The query of a URL is one only where its name says that it is a server's.
    """
    hidden = HIDDEN.encode()
    body = _HEADERS_IN_BYTES.sub(b'\\1"%b"' % hidden, body)
    body = _URL_IN_BYTES.sub(_shown_url, body)
    return _IN_BYTES.sub(b'\\1"%b"' % hidden, body)


def _shown_url(found: re.Match[bytes]) -> bytes:
    user, rest = found["user"], found["rest"]
    shown = HIDDEN.encode()
    if rest and b"server" in found["name"].lower():
        rest = b"?" + shown
    return b"%b%b%b%b" % (found[1], shown + b"@" if user else b"", found["place"], rest)


def _hide_member(name: str, value: Raw) -> Raw:
    letters = name.lower().replace("-", "").replace("_", "")
    if letters in _SECRETS or letters.endswith(_SECRET_ENDINGS):
        return value if is_null(value) else _HIDDEN
    if letters.endswith("url") and is_string(value):
        return hide_in_url(value)
    return hide_credentials(value)


def hide_in_url(literal: Raw) -> Raw:
    """Hide the user part and the query of a URL, a JSON string."""
    url = read_word(literal)
    if url is None:
        return _HIDDEN
    parts = _URL.fullmatch(url)
    assert parts is not None
    scheme, user, place, rest = parts.groups(default="")
    if not user and not rest:
        return literal
    return write_word(
        f"{scheme}{HIDDEN + '@' if user else ''}{place}{'?' + HIDDEN if rest else ''}"
    )
