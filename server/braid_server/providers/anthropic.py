"""Anthropic: Messages, and Chat Completions in OpenAI's shape."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from braid_server.headers import Header, first
from braid_server.homes import ANTHROPIC
from braid_server.provider import Provider
from braid_server.providers.formats import chat_at, messages_at
from braid_server.upstream import Address

_PATHS = re.compile(
    "/(?:api|v1/(?:messages|complete|sessions|memory_stores|vaults|user_profiles|dreams"
    "|deployments|tunnels))(?:/.*)?"
)


def anthropic(upstream: str = ANTHROPIC.url) -> Provider:
    """Make the row; raises UpstreamUnusable for an address that is none."""
    return Provider(
        name=ANTHROPIC.name,
        address=Address.parse(upstream),
        formats=(messages_at("/v1/messages"), chat_at("/v1/chat/completions")),
        paths=_PATHS,
        headers=frozenset({b"anthropic-version", b"anthropic-beta", b"x-api-key"}),
        credentials=frozenset(),
        error=_error,
        parameters=frozenset({"beta"}),
        session=_claude_code_session,
        versioning=frozenset({b"anthropic-version", b"anthropic-beta"}),
        request_id=b"request-id",
    )


_ERRORS = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
}


def _error(status: int, message: str) -> bytes:
    kind = _ERRORS.get(status, "api_error" if status >= 500 else "invalid_request_error")
    return msgspec.json.encode({"type": "error", "error": {"type": kind, "message": message}})


class _Metadata(msgspec.Struct):
    user_id: str | None = None


class _Parameters(msgspec.Struct):
    metadata: _Metadata | None = None


class _UserId(msgspec.Struct):
    session_id: str | None = None


def _claude_code_session(headers: Sequence[Header], parameters: bytes) -> str | None:
    """Claude Code names its session in a header, and in a JSON string in `metadata.user_id`."""
    named = first(headers, b"x-claude-code-session-id")
    if named is not None:
        return named.decode("latin-1")
    if b"session_id" not in parameters:
        return None
    try:
        metadata = msgspec.json.decode(parameters, type=_Parameters).metadata
        if metadata is None or metadata.user_id is None:
            return None
        return msgspec.json.decode(metadata.user_id, type=_UserId).session_id
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
