"""A recorder over a real store, told conversations in the shapes that the Anthropic SDK sends."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from braid.call import CallOutcome
from braid.encoding import encode
from braid.signing import SecretKey
from braid.wire.again import ReadBefore
from braid.wire.anthropic import read_answer, read_request
from braid_server.call_record import CallRecord
from braid_server.keyfiles import ROOT_LABEL, WRAPPING_LABEL
from braid_server.keyring import Keyring
from braid_server.library import Library
from braid_server.lineages import CACHED_NODES
from braid_server.log_key import LogSettings, keep_log
from braid_server.recorder import BRAID_BYTES, BRAID_NODES, CHECKPOINT_EVERY, Recorder
from braid_server.recording import CallEnding, CallOpening
from braid_server.store import REWRITES, Store
from braid_verifier import Report, Result, verify
from fakes.story import Call, Story

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # a folder that is no disk
UPSTREAM = "https://api.anthropic.com"
ROOT = SecretKey(b"root key of the tests, 32 bytes.")
WRAPPING = b"wrapping key of the tests, 32 b."

Json = dict[str, Any]
T = TypeVar("T")


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


class Desk:
    """Opens and answers calls as the relay would; one event loop as long as it is open."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: Clock | None = None,
        wrapping: bytes = WRAPPING,
        keyring: Keyring | None = None,
        cached_nodes: int = CACHED_NODES,
        braid_bytes: int = BRAID_BYTES,
        braid_nodes: int = BRAID_NODES,
        checkpoint_every: int = CHECKPOINT_EVERY,
        rewrites: int | None = REWRITES,
    ) -> None:
        self.path = folder / "braid.db"
        self.clock = clock or Clock()
        self.keyring = keyring or Keyring(ROOT, wrapping)
        self.store = Store(str(self.path), writable=True, rewrites=rewrites)
        self.log = keep_log(self.store, LogSettings(), self.clock())
        self.recorder = Recorder(
            self.store,
            self.keyring,
            self.clock,
            braid_bytes,
            cached_nodes,
            braid_nodes,
            checkpoint_every=checkpoint_every,
        )
        self.library = Library(self.store, self.recorder, self.keyring.revoked)
        self._runner = asyncio.Runner()
        self._ids = itertools.count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.store.close()
        self._runner.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def open(
        self,
        request: Json | bytes,
        *,
        session: str | None = None,
        retry: int = 0,
        tenant: str = "local",
        braid: str | None = None,
    ) -> CallRecord:
        """Record a request; `braid` is one that its client names."""
        opening = opening_of(request, session=session, retry=retry, tenant=tenant, braid=braid)
        return self.run(self.recorder.open(opening))

    def answer(
        self,
        call: CallRecord,
        *content: Json | str,
        outcome: CallOutcome = CallOutcome.COMPLETE,
        **members: Any,
    ) -> str:
        """Record a whole answer, a string being a text; gives the provider's id of it."""
        name = f"msg_{next(self._ids)}"
        blocks = [text(one) if isinstance(one, str) else one for one in content]
        message = {**MESSAGE, "id": name, "content": blocks, **members}
        self.run(_bring(call, json.dumps(message).encode(), outcome))
        return name

    def end(self, call: CallRecord, outcome: CallOutcome) -> None:
        """End a call without an answer."""
        self.run(call.close(CallEnding(outcome)))

    def turn(self, request: Json, *content: Json | str, **how: Any) -> CallRecord:
        """Record a request and its answer."""
        call = self.open(request, **how)
        self.answer(call, *content)
        return call

    def seal(self, braid: str, *, interrupt: bool = False) -> None:
        self.run(self.library.seal(braid, interrupt=interrupt))

    def braids(self) -> list[str]:
        """The braids there are, oldest first."""
        return [info.id for info in reversed(self.library.braids().braids)]

    def transcript(self, braid: str) -> bytes:
        return b"".join(self.library.transcript(braid))

    def story(self, braid: str) -> Story:
        return Story(self.transcript(braid))

    def told(self, call: CallRecord) -> Call:
        """What the record says of a call."""
        return self.story(call.braid).call(call.id)

    def verified(self, braid: str) -> Report:
        """Verify a braid under the root of the tests; fails the test where it does not."""
        report = verify(self.transcript(braid), roots=[self.keyring.root])
        assert report.result is Result.VERIFIED, report.findings
        return report


MESSAGE: Json = {
    "type": "message",
    "role": "assistant",
    "model": "claude-x",
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 2},
}


async def _bring(call: CallRecord, body: bytes, outcome: CallOutcome) -> None:
    reader = read_answer(200, "application/json")
    call.received(body, reader.feed(body).blocks)
    rest, said = reader.close()
    ending = CallEnding(outcome, 200, "req_1", said.id, said.model, said.stop_reason, said.usage)
    await call.close(ending, rest)


def opening_of(
    request: Json | bytes,
    *,
    session: str | None = None,
    retry: int = 0,
    tenant: str = "local",
    braid: str | None = None,
    before: ReadBefore | None = None,
) -> CallOpening:
    """Say what the relay says of a request."""
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    return CallOpening(
        tenant=tenant,
        provider="anthropic",
        upstream=UPSTREAM,
        path="/v1/messages",
        query="",
        session=session,
        retry=retry,
        headers=(("anthropic-version", "2026-10-21"),),
        body=body,
        request=read_request(body, before, tenant),
        braid=braid,
    )


def write_keys(folder: Path) -> None:
    """Write the keys of the tests as files, for a server over a store that a desk made."""
    for name, label, seed in (
        ("root.key", ROOT_LABEL, ROOT.seed),
        ("wrapping.key", WRAPPING_LABEL, WRAPPING),
    ):
        (folder / name).write_text(f"{label} {encode(seed)}\n")
        (folder / name).chmod(0o600)


def ask(*messages: Json | str, **members: Any) -> Json:
    """A request; strings are turns, the user's first, then the assistant's, and so on."""
    turns = [
        {"role": ("user", "assistant")[place % 2], "content": one} if isinstance(one, str) else one
        for place, one in enumerate(messages)
    ]
    return {"model": "claude-x", "max_tokens": 9, "messages": turns, **members}


def user(*content: Json | str) -> Json:
    return {"role": "user", "content": [text(x) if isinstance(x, str) else x for x in content]}


def assistant(*content: Json | str) -> Json:
    return {**user(*content), "role": "assistant"}


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def thinking(words: str, signature: str = "c2lnbmF0dXJl") -> Json:
    return {"type": "thinking", "thinking": words, "signature": signature}


def tool_use(name: str, **given: Any) -> Json:
    return {"type": "tool_use", "id": name, "name": "look", "input": given}


def tool_result(name: str, words: str) -> Json:
    return {"type": "tool_result", "tool_use_id": name, "content": words}
