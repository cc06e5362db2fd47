"""Which answers are a stream of events and which are one document."""

from __future__ import annotations

from collections.abc import Callable

from braid.wire.block import AnswerReader, Block, Fed, Outcome, Request

_FIRST_ERROR_STATUS = 400
_NO_CONTENT = 204
_EVENTS = "text/event-stream"
_SPACE = b" \t\r\n"
# With what JSON begins, and a page that a gateway sends in the place of an answer.
_DOCUMENTS = (b"{", b"[", b"<")


def choose_reader(
    status: int,
    content_type: str,
    request: Request | None,
    events: Callable[[], AnswerReader],
    document: Callable[[], AnswerReader],
) -> AnswerReader:
    """Choose between the readers of a stream of events and of one document.

    An error status never opens a stream, whatever its body is called. Some servers do not call
    their streams so, and SDKs read them all the same: where `request` asked for one, a body
    that is called otherwise is one unless it begins as a document does.
    """
    if status >= _FIRST_ERROR_STATUS or status == _NO_CONTENT:
        return document()
    if content_type.partition(";")[0].strip().lower() == _EVENTS:
        return events()
    if request is None or not request.stream or not 200 <= status < 300:
        return document()
    return Undecided(lambda begun: document() if begun in _DOCUMENTS else events())


class Undecided:
    """Read a body of which only the first byte tells what it is; see AnswerReader.

    `choose` takes that byte, or nothing where none comes; blank ones do not tell.
    """

    __slots__ = ("_blank", "_choose", "_reader")

    def __init__(self, choose: Callable[[bytes], AnswerReader]) -> None:
        self._choose = choose
        self._blank: list[bytes] = []
        self._reader: AnswerReader | None = None

    def feed(self, chunk: bytes) -> Fed:
        if self._reader is not None:
            return self._reader.feed(chunk)
        if not (begun := chunk.lstrip(_SPACE)):
            self._blank.append(chunk)
            return Fed()
        return self._decide(begun[:1]).feed(chunk)

    def close(self) -> tuple[tuple[Block, ...], Outcome]:
        return (self._reader or self._decide(b"")).close()

    def _decide(self, begun: bytes) -> AnswerReader:
        reader = self._reader = self._choose(begun)
        reader.feed(b"".join(self._blank))
        return reader
