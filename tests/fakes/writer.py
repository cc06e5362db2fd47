"""A store's writer that is kept busy, so that what is queued meanwhile shares one commit."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from braid_server.store import Store
from braid_server.store.transaction import Transaction
from fakes.upstream import PATIENCE


@contextlib.contextmanager
def writer_held(store: Store) -> Iterator[None]:
    """Keep the writer busy, so that what is queued meanwhile comes to it together."""
    begun, go = threading.Event(), threading.Event()

    def hold(_transaction: Transaction) -> None:
        begun.set()
        assert go.wait(PATIENCE)

    held = store.submit(hold)
    assert begun.wait(PATIENCE)
    try:
        yield
    finally:
        go.set()
        held.result(PATIENCE)
