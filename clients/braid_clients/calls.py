"""Which call a response of an SDK is of: what Braid wrote into its headers.

Nothing here imports an SDK. What is known of them is where they keep the HTTP response.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from braid.encoding import KEY_PATTERN
from braid.errors import BraidError

BRAID_HEADER = "x-braid-id"
CALL_HEADER = "x-braid-call"
_BRAID = re.compile(KEY_PATTERN)
_CALL = re.compile(r"[!-~]{1,100}")
# Where an SDK keeps the response of HTTP: on its raw response and on httpx's itself nowhere
# else; on a stream in `response`; on a stream with helpers of OpenAI's in `_response`, where
# it says it nowhere else; on what google-genai gives in `sdk_http_response`.
_PLACES = ("response", "sdk_http_response", "_response")


class NotRecorded(BraidError):
    """A response that did not come through Braid, or of a call that Braid does not record."""


@dataclass(frozen=True, slots=True)
class Call:
    """A recorded call: the id of its braid, and its own as the call's node has it."""

    braid: str
    id: str


def call_of(response: object) -> Call:
    """Give the call that a response is of; a Call is its own.

    Takes raw responses and streams of `anthropic` and `openai`, with helpers or without,
    responses and lists of chunks of `google-genai`, responses of httpx, and mappings of
    headers. Raises NotRecorded where it says none.
    """
    if isinstance(response, Call):
        return response
    for headers in _headers(response):
        named = {str(name).lower(): value for name, value in headers.items()}
        braid, call = named.get(BRAID_HEADER), named.get(CALL_HEADER)
        if braid is None and call is None:
            continue
        if _BRAID.fullmatch(str(braid)) and _CALL.fullmatch(str(call)):
            return Call(str(braid), str(call))
        raise NotRecorded(f"{BRAID_HEADER}, {CALL_HEADER}: expected the ids of a braid and a call")
    raise NotRecorded(
        f"{type(response).__name__}: expected a response with the headers {BRAID_HEADER} and "
        f"{CALL_HEADER}; it did not come through Braid, its call is of a kind that Braid does "
        "not record, or it is an answer without its headers (ask for it by with_raw_response)"
    )


def braid_of(of: object) -> str:
    """Give the braid that is meant by its id, by a call of it or by a response.

    Raises NotRecorded as `call_of`.
    """
    return of if isinstance(of, str) else call_of(of).braid


def request_of(response: object) -> bytes | None:
    """Give the body of the request that a response answers; None where nothing tells."""
    for holder in _holders(response):
        # The raw responses call it `http_request`, httpx `request`.
        for name in ("http_request", "request"):
            try:
                content = getattr(getattr(holder, name, None), "content", None)
            except (AttributeError, RuntimeError):  # httpx: none is set, or it was streamed
                continue
            if isinstance(content, bytes):
                return content
    return None


def _headers(response: object) -> Iterator[Mapping[Any, Any]]:
    if isinstance(response, Mapping):
        yield response
    for holder in _holders(response):
        headers = getattr(holder, "headers", None)
        if isinstance(headers, Mapping):
            yield headers


def _holders(response: object) -> Iterator[object]:
    if isinstance(response, Sequence) and not isinstance(response, str | bytes):
        response = response[0] if response else None
    yield response
    for place in _PLACES:
        yield getattr(response, place, None)
