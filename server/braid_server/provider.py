"""The provider table: where a provider is, what of it is recorded, how it speaks.

A provider is mounted under `/NAME`, and at the root for the paths that it claims there.
Adding one is another row here and another wire module.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import msgspec

from braid.wire import anthropic as anthropic_wire
from braid.wire.block import AnswerReader, Request
from braid_server.headers import Header, first
from braid_server.upstream import Address

ANTHROPIC = "https://api.anthropic.com"


@dataclass(frozen=True, slots=True)
class Provider:
    """One row of the table.

    claims        whether a path that names no provider is this one's; the first row that
                  claims it has it, and the first row of all if none does.
    records       method and path (without the mount) of a generation call.
    error         the body of an error in the provider's own shape, JSON.
    parameters    of a query that are recorded; any other may carry a key.
    session       what a known client calls its conversation, from headers and parameters.
    versioning    request headers, lower-case, that shape the answer.
    request_id    the answer header that carries the provider's id of the request.
    """

    name: str
    address: Address
    claims: Callable[[str], bool]
    records: Callable[[str, str], bool]
    read_request: Callable[[bytes], Request]
    read_answer: Callable[[int, str], AnswerReader]
    error: Callable[[int, str], bytes]
    parameters: frozenset[str]
    session: Callable[[Sequence[Header], bytes], str | None]
    versioning: frozenset[bytes]
    request_id: bytes


def route(providers: Sequence[Provider], path: str) -> tuple[Provider, str]:
    """Find the provider of a raw path, and the path as that provider knows it."""
    for provider in providers:
        mount = f"/{provider.name}"
        if path.startswith(mount) and (rest := path[len(mount) :])[:1] in ("", "/"):
            return provider, rest or "/"
    for provider in providers:
        if provider.claims(path):
            return provider, path
    return providers[0], path


def plain(path: str) -> str:
    """Undo what every upstream may undo: percent-encoding, doubled slashes, a slash at the end."""
    return posixpath.normpath("/" + unquote(path).lstrip("/"))


def is_ambiguous(provider: Provider, method: str, path: str) -> bool:
    """Tell whether a path that is not recorded could be read as one that is.

    What does the reading is the upstream or a gateway before it, so every leniency counts.
    """
    return any(provider.records(method, reading) for reading in _readings(path))


def has_dot_segment(path: str) -> bool:
    """Tell whether a path, under any reading, climbs or stands still (RFC 3986 §5.2.4).

    A client library may resolve it, and it could leave the path of the upstream's address.
    """
    if "." not in path and "%" not in path:
        return False
    segments = re.split(r"[/\\]", _unquoted(path))
    return any(_AFTER_DOTS.split(segment, maxsplit=1)[0] in (".", "..") for segment in segments)


def _readings(path: str) -> tuple[str, ...]:
    text = _unquoted(path).lower()
    slashed = text.replace("\\", "/")
    cut = _END.split(slashed, maxsplit=1)[0]
    return (
        _AFTER.split(text, maxsplit=1)[0],
        _AFTER.split(slashed, maxsplit=1)[0],
        "/".join(segment.partition(";")[0] for segment in cut.split("/")),
        _JUNK.sub("", slashed),
    )


def _unquoted(path: str) -> str:
    # Layers of an encoded percent sign fall at once, or each would cost another pass.
    text = _LAYERS.sub("%", path)
    for _ in range(_PASSES):
        if (undone := _LAYERS.sub("%", unquote(text))) == text:
            break
        text = undone
    return text


_PASSES = 8
_LAYERS = re.compile(r"%(?:25)+")
_AFTER_DOTS = re.compile(r"[;?#\x00-\x20]")
_JUNK = re.compile(r"[^!-~]")
_END = re.compile(r"[?#]|[^!-~]")
_AFTER = re.compile(r"[;?#\\]|[^!-~]")


def anthropic(upstream: str = ANTHROPIC) -> Provider:
    """Anthropic Messages; raises UpstreamUnusable for an address that is none."""
    return Provider(
        name="anthropic",
        address=Address.parse(upstream),
        claims=lambda path: True,
        records=lambda method, path: method == "POST" and plain(path) == "/v1/messages",
        read_request=anthropic_wire.read_request,
        read_answer=anthropic_wire.read_answer,
        error=_anthropic_error,
        parameters=frozenset({"beta"}),
        session=_claude_code_session,
        versioning=frozenset({b"anthropic-version", b"anthropic-beta"}),
        request_id=b"request-id",
    )


_ANTHROPIC_ERRORS = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
}


def _anthropic_error(status: int, message: str) -> bytes:
    kind = _ANTHROPIC_ERRORS.get(status, "api_error" if status >= 500 else "invalid_request_error")
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
