"""Bodies that are one JSON document: any request, and an answer that is not streamed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from msgspec import Raw

from braid.node import Origin
from braid.wire.again import Again
from braid.wire.block import Block, Fed, Outcome, Request
from braid.wire.credentials import hide_credentials, without_credentials
from braid.wire.native import BYTES, Members, keep_raw
from braid.wire.raw_json import JSON, NOT_JSON, NOT_UTF8, Path, find_fault, is_object, read_members

_FIRST_ERROR_STATUS = 400
_SPACE = b" \t\r\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Told = tuple[tuple[Block, ...], Outcome]


def open_request(
    provider: str,
    body: bytes,
    data_at: Collection[Path],
    history: Again,
    fields: Collection[str] = (),
) -> dict[str, Raw] | Request:
    """Give the members of a request; one that cannot be read is done already (SPEC §5.4).

    `fields` are lower-case names of members that are read: one spelled otherwise is a fault,
    for parsers that ignore case would read it.
    """
    members = history.open(body, data_at)
    if members is None:
        fault = find_fault(body, data_at)
        document = Raw(body.strip())
        if fault is None and not is_object(document):
            fault = "not an object"
        if fault is not None:
            return keep_unread(provider, body, fault)
        members = read_members(document)
    if any(name not in fields and name.casefold() in fields for name in members):
        return keep_unread(provider, body, "a field in another case")
    return members


def keep_unread(provider: str, body: bytes, fault: str) -> Request:
    """Give the request that two parsers would read differently, as one block (SPEC §5.4)."""
    marks = {"ambiguous": fault}
    said = Raw(without_credentials(body))
    block = keep_raw(provider, said, "", Origin.CLIENT, marks, media=BYTES)
    return Request((), (), (block,), b"{}", ambiguous=fault)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider's whole answers look like.

    data_at  as for `find_fault`; names may repeat there.
    type_of  the native type of a document; `error` for an error.
    read     what an answer says, or why it cannot be read; None if the document is none.
    """

    provider: str
    data_at: Collection[Path]
    type_of: Callable[[Members], str | None]
    read: Callable[[dict[str, Raw]], Told | str | None]


class BodyReader:
    """Read an answer that is one JSON document, or an error; see AnswerReader."""

    __slots__ = ("_answer", "_chunks", "_status")

    def __init__(self, status: int, answer: Answer) -> None:
        self._chunks: list[bytes] = []
        self._status = status
        self._answer = answer

    def feed(self, chunk: bytes) -> Fed:
        self._chunks.append(chunk)
        return Fed()

    def close(self) -> Told:
        body = b"".join(self._chunks)
        is_error = self._status >= _FIRST_ERROR_STATUS
        if not body:
            return (), Outcome(complete=not is_error, error=is_error)
        fault = find_fault(body, self._answer.data_at, repeats_in_data=True)
        if fault is not None:
            # Whether a body came as its framing promised is the relay's to know (SPEC §6.3).
            whole = not is_error and not _breaks_off(body, fault)
            outcome = Outcome(complete=whole, error=is_error)
            return (self._keep(body, {"ambiguous": fault}, BYTES),), outcome
        document = Raw(body.strip())
        members = read_members(document) if is_object(document) else {}
        native = self._answer.type_of(members)
        marks: dict[str, object] = {} if native is None else {"type": native}
        told = None if is_error else self._answer.read(members)
        if isinstance(told, str):
            marks["ambiguous"] = told
        elif told is not None:
            return told
        whole = isinstance(told, str)
        outcome = Outcome(complete=whole, error=is_error or native == "error")
        return (self._keep(body, marks, JSON),), outcome

    def _keep(self, body: bytes, marks: dict[str, object], media: str) -> Block:
        if self._status >= _FIRST_ERROR_STATUS:
            # Some servers quote the request in what they say is wrong with it.
            if media != JSON:
                body = without_credentials(body)
            elif (shown := hide_credentials(document := Raw(body.strip()))) != document:
                body = bytes(shown)
        return keep_raw(self._answer.provider, Raw(body), "", Origin.PROVIDER, marks, media=media)


def _breaks_off(body: bytes, fault: str) -> bool:
    """Tell whether a body may be the beginning of a JSON document."""
    ends = {b"{": b"}", b"[": b"]"}.get(body.lstrip(_SPACE + _BYTE_ORDER_MARK)[:1])
    if ends is None:
        return False
    return fault in (NOT_JSON, NOT_UTF8) or not body.rstrip(_SPACE).endswith(ends)
