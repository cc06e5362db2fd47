"""Checking before sending: a hook for an HTTP client that keeps false history from leaving.

client = httpx.Client(event_hooks={"request": [checking(transcript, "anthropic")]})
anthropic.Anthropic(http_client=client)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from braid_verifier import Root, Wire, check_history


class Sendable(Protocol):
    """A request of httpx: `read` gives its whole body."""

    @property
    def method(self) -> str: ...

    def read(self) -> bytes: ...


def checking(
    transcript: Callable[[], bytes],
    wire: Wire | str,
    roots: Iterable[str | bytes | Root] | None = None,
    *,
    strict: bool = False,
) -> Callable[[Sendable], None]:
    """Give a hook that raises HistoryNotGenuine before a POST with false history is sent.

    `transcript` is asked each time for what is recorded so far; where it gives b"" nothing is
    yet, and nothing is compared. `strict` as in `check_history`. Raises ValueError for a wire that is none.
    """
    known = Wire(wire)
    pinned = None if roots is None else tuple(roots)

    def check(request: Sendable) -> None:
        if request.method != "POST":
            return
        recorded = transcript()
        if recorded:
            check_history(recorded, request.read(), known, pinned, strict=strict).require()

    return check
