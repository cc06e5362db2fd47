"""OpenAI, and servers that speak like it: Chat Completions, Responses, and some Messages too."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from braid.wire import openai_responses
from braid_server.headers import Header, first
from braid_server.homes import OPENAI
from braid_server.provider import Calls, Provider, WireFormat
from braid_server.providers.formats import ID, chat_at, messages_at
from braid_server.upstream import Address

# Whatever stands before: another version, a deployment, the path of a compatible server.
_BEFORE = "(?:/[^/]+){0,8}"
_RESPONSES = WireFormat(
    calls=(
        Calls("POST", re.compile(f"{_BEFORE}/responses(?:/compact|/{ID}/cancel)?")),
        # One that runs in the background is asked for until it has answered.
        Calls("GET", re.compile(f"{_BEFORE}/responses/{ID}")),
    ),
    read_request=openai_responses.read_request,
    read_answer=openai_responses.read_answer,
)
_PATHS = re.compile(
    "(?:/v1)?/(?:assistants|audio|chat|chatkit|completions|containers|conversations|embeddings"
    "|evals|fine_tuning|images|moderations|realtime|responses|threads|uploads|vector_stores"
    "|videos)(?:/.*)?"
)


def openai(upstream: str = OPENAI.url) -> Provider:
    """Make the row; raises UpstreamUnusable for an address that is none."""
    return Provider(
        name=OPENAI.name,
        address=Address.parse(OPENAI.apart(upstream)[0]),
        formats=(
            chat_at(f"{_BEFORE}/chat/completions"),
            _RESPONSES,
            messages_at(f"{_BEFORE}/v1/messages"),
        ),
        paths=_PATHS,
        headers=frozenset(
            {b"openai-organization", b"openai-project", b"openai-beta", b"authorization"}
        ),
        credentials=frozenset(),
        error=_error,
        parameters=frozenset(
            {"api-version", "include", "include_obfuscation", "starting_after", "stream"}
        ),
        session=_codex_session,
        versioning=frozenset({b"openai-beta"}),
        request_id=b"x-request-id",
    )


_CODES = {401: "invalid_api_key", 404: "not_found"}


def _error(status: int, message: str) -> bytes:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    said = {"message": message, "type": kind, "param": None, "code": _CODES.get(status)}
    return msgspec.json.encode({"error": said})


class _Metadata(msgspec.Struct):
    session_id: str | None = None


class _Parameters(msgspec.Struct):
    client_metadata: _Metadata | None = None


def _codex_session(headers: Sequence[Header], parameters: bytes) -> str | None:
    """Codex names its session in headers, and in `client_metadata`.

    Its sub-agents have threads of their own, and the session of whom they work for.
    """
    for name in (b"session-id", b"session_id", b"thread-id"):
        named = first(headers, name)
        if named is not None:
            return named.decode("latin-1")
    if b"session_id" not in parameters:
        return None
    try:
        metadata = msgspec.json.decode(parameters, type=_Parameters).client_metadata
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return None if metadata is None else metadata.session_id
