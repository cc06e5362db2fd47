"""Answers that are a stream of server-sent events: from chunks to what a provider folds.

An event that does not fold is kept as it came; nothing here knows what an event means.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from msgspec import Raw

from braid.node import Origin
from braid.wire.block import Block, Fed, Outcome
from braid.wire.native import BYTES, keep_raw
from braid.wire.raw_json import JSON, Path, find_fault
from braid.wire.sse import EventSplitter, read_fields


class Fold(Protocol):
    """What the events of one provider's streams add up to; blocks go to `blocks` when whole.

    endings  how often an event came that may be the provider's terminal one; with `goes_on`
             each of them may be the last, else the first is.
    """

    endings: int
    goes_on: bool

    def skim(self, event: bytes, blocks: list[Block]) -> bool:
        """Take an event whose spelling alone proves what it says; False for any other."""
        ...

    def hear(self, name: str, data: bytes | None, blocks: list[Block]) -> bool:
        """Take what is no JSON by agreement; False for an event that has to be read."""
        ...

    def take(self, name: str, document: Raw, blocks: list[Block]) -> str | None:
        """Take one event; say why if it does not fold, and then nothing has changed."""
        ...

    def close(self) -> tuple[list[Block], list[Block], Outcome]:
        """Give the blocks that never ended, what stands beside the blocks, and the outcome."""
        ...


class StreamReader:
    """Fold a stream of events; see AnswerReader.

    `data_at` is as for `find_fault`; names may repeat there.
    """

    __slots__ = ("_data_at", "_fold", "_provider", "_splitter")

    def __init__(self, provider: str, fold: Fold, data_at: Collection[Path]) -> None:
        self._provider = provider
        self._fold = fold
        self._data_at = data_at
        self._splitter = EventSplitter()

    def feed(self, chunk: bytes) -> Fed:
        fold, skim = self._fold, self._fold.skim
        blocks: list[Block] = []
        hold: int | None = None
        for start, event in self._splitter.feed(chunk):
            if skim(event, blocks):
                continue
            endings = fold.endings
            self._take(event, blocks)
            if fold.endings > endings:
                hold = start
        return Fed(tuple(blocks), hold, fold.goes_on)

    def close(self) -> tuple[tuple[Block, ...], Outcome]:
        cut, beside, outcome = self._fold.close()
        if rest := self._splitter.close():
            cut.append(self._keep(rest, BYTES, {"cut": True}))
        return (*cut, *beside), outcome

    def _take(self, event: bytes, blocks: list[Block]) -> None:
        name, data, stray = read_fields(event)
        if stray:
            blocks.append(self._keep(stray, BYTES, {"ambiguous": "a line that is no field"}))
        if self._fold.hear(name, data, blocks):
            return
        if data is None:
            blocks.append(self._keep(b"", BYTES, {"type": name, "ambiguous": "no data"}))
            return
        media = BYTES
        fault = find_fault(data, self._data_at, repeats_in_data=True)
        if fault is None:
            media = JSON
            fault = self._fold.take(name, Raw(data.strip()), blocks)
        if fault is not None:
            marks: dict[str, object] = {"type": name} if name else {}
            blocks.append(self._keep(data, media, {**marks, "ambiguous": fault}))

    def _keep(self, content: bytes, media: str, marks: dict[str, object]) -> Block:
        return keep_raw(self._provider, Raw(content), "", Origin.PROVIDER, marks, media=media)


def is_utf8(part: bytes) -> bool:
    """Tell whether bytes that `skim` found in a string may stand in one."""
    if part.isascii():
        return True
    try:
        part.decode()
    except UnicodeDecodeError:
        return False
    return True
