"""Gemini: generateContent, Interactions, and Chat Completions in OpenAI's shape."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from braid.wire import gemini as generate_content
from braid.wire import interactions
from braid_server.headers import Header
from braid_server.homes import GEMINI
from braid_server.provider import Calls, Provider, WireFormat
from braid_server.providers.formats import ID, chat_at
from braid_server.upstream import Address

# `v1`, `v1beta`, `v1alpha`, and with Vertex a project and its place.
_VERSION = "/v[0-9][^/]*"
_PLACE = f"{_VERSION}(?:/projects/[^/]+/locations/[^/]+)?"

_GENERATE_CONTENT = WireFormat(
    calls=(Calls("POST", re.compile(f"{_VERSION}/.+:(?:generateContent|streamGenerateContent)")),),
    read_request=generate_content.read_request,
    read_answer=generate_content.read_answer,
)
_INTERACTIONS = WireFormat(
    calls=(
        Calls("POST", re.compile(f"{_PLACE}/interactions(?:/{ID}/cancel)?")),
        # One that runs in the background is asked for until it has answered.
        Calls("GET", re.compile(f"{_PLACE}/interactions/{ID}")),
    ),
    read_request=interactions.read_request,
    read_answer=interactions.read_answer,
)
_PATHS = re.compile(
    "/(?:v1[^/]+|upload|ws"
    "|v1/(?:cachedContents|fileSearchStores|interactions|projects|publishers|tunedModels)"
    ")(?:/.*)?|/v1/.+:[A-Za-z]+"
)


def gemini(upstream: str = GEMINI.url) -> Provider:
    """Make the row; raises UpstreamUnusable for an address that is none."""
    return Provider(
        name=GEMINI.name,
        address=Address.parse(upstream),
        formats=(
            _GENERATE_CONTENT,
            _INTERACTIONS,
            chat_at(f"{_PLACE}(?:/endpoints/[^/]+)?(?:/openai)?/chat/completions"),
        ),
        paths=_PATHS,
        headers=frozenset({b"x-goog-api-key", b"x-goog-api-client", b"x-goog-user-project"}),
        credentials=frozenset({"key"}),
        error=_error,
        parameters=frozenset({"alt", "include_input", "last_event_id", "stream"}),
        session=_no_session,
        versioning=frozenset({b"api-revision"}),
        request_id=b"x-goog-request-id",
    )


_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
}


def _error(status: int, message: str) -> bytes:
    kind = _STATUSES.get(status, "INTERNAL" if status >= 500 else "FAILED_PRECONDITION")
    return msgspec.json.encode({"error": {"code": status, "message": message, "status": kind}})


def _no_session(headers: Sequence[Header], parameters: bytes) -> str | None:
    """No client of it says which of its conversations a request belongs to."""
    return None
