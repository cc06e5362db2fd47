"""What the relay asks of whoever records: open a call, hand over what comes back, close it.

The relay knows nothing of nodes, keys or databases; `Recorder` implements this over the
store, and a benchmark implements it over nothing.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from braid.call import CallOutcome
from braid.errors import BraidError
from braid.wire.block import Block, Request


class Unplaceable(BraidError):
    """A client named a braid or a node that it has not; nothing was recorded."""


class RecordingFailed(BraidError):
    """The record could not be made durable; the relay must not let the call end as if it were."""


class NothingCertified(RecordingFailed):
    """The root key was revoked: no braid begins. Its message is for the client to read."""


class CallOpening(msgspec.Struct, frozen=True):
    """One recorded request, whole, before it goes upstream.

    A msgspec.Struct, as is the ending: every call makes one, in a sixth of the time.

    upstream  the configured address of the provider, without user info.
    path      as received, percent-encoding untouched; of the query known parameters only.
    session   what a known client calls its conversation, or None.
    braid     what the client says in `x-braid-id`, and `parent` in `x-braid-parent`.
    retry     how often the client says it has sent this request before (0: first time).
    headers   the provider's own versioning headers that shape the answer, lower-case names.
    body      the request body as it goes upstream; `request` is what it says.
    """

    tenant: str
    provider: str
    upstream: str
    path: str
    query: str
    session: str | None
    retry: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    request: Request
    braid: str | None = None
    parent: str | None = None


class CallEnding(msgspec.Struct, frozen=True):
    """How the call ended, as the relay saw it.

    `aliases` are other names than `answer_id` by which a later request may continue the answer.
    """

    outcome: CallOutcome
    status: int | None = None
    request_id: str | None = None
    answer_id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    usage: bytes | None = None
    aliases: tuple[str, ...] = ()


class OpenCall(Protocol):
    """A call whose request is on disk and whose answer is under way."""

    @property
    def braid(self) -> str: ...

    @property
    def id(self) -> str: ...

    @property
    def refusal(self) -> str | None:
        """Why it must not be sent: what is false in its history; None if it may."""
        ...

    def received(self, chunk: bytes, blocks: tuple[Block, ...]) -> None:
        """Note bytes of the answer as the upstream sent them, and the blocks they completed.

        Never waits. Blocks are durable within a second (SPEC §8.2).
        """
        ...

    async def close(self, ending: CallEnding, blocks: tuple[Block, ...] = ()) -> None:
        """Make the rest of the answer and its `end` durable; raises RecordingFailed."""
        ...


class Recording(Protocol):
    async def open(self, opening: CallOpening) -> OpenCall:
        """Make the request, its parameters and the call durable; raises RecordingFailed."""
        ...
