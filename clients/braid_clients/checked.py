"""Checking before sending: a hook for an HTTP client that keeps false history from leaving.

client = httpx.Client(event_hooks={"request": [checking(transcript, "anthropic")]})
anthropic.Anthropic(http_client=client)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from braid_clients.pins import Pins
from braid_verifier import HistoryPolicy, PinnedKey, Root, Statements, TimeAuthorities, Wire
from braid_verifier.checking import history_policy


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
    logs: Iterable[str | PinnedKey] | None = None,
    witnesses: Iterable[str | PinnedKey] | None = None,
    authorities: TimeAuthorities | None = None,
    statements: Iterable[bytes | Statements] | None = None,
    quorum: int = 1,
    policy: HistoryPolicy | str = HistoryPolicy.REJECT,
) -> Callable[[Sendable], None]:
    """Give a hook that raises HistoryNotGenuine before a POST with false history is sent.

    `transcript` is asked each time for what is recorded so far; where it gives b"" nothing is
    yet, and nothing is compared. The other arguments are those of `check_history`; what is None
    is taken from the user's files, as by `Braid`: whom they trust now, and what roots told them
    (a revoked key makes a transcript fail) at each request.

    Raises what `check_history` raises for an argument that is none, TrustUnusable for a trust
    file that is none, OSError if it cannot be read; the hook, beside HistoryNotGenuine,
    StatementUnusable and OSError for the file of what the user was told.
    """
    known, false = Wire(wire), history_policy(policy)
    pins = Pins.of(roots, logs, witnesses, authorities, statements, quorum)

    def check(request: Sendable) -> None:
        if request.method != "POST":
            return
        recorded = transcript()
        if recorded:
            pins.check_history(recorded, request.read(), known, quorum, false).require()

    return check
