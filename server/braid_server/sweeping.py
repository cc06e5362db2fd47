"""Doing something every now and then beside the server, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from braid_server.store import StoreUnavailable

_log = logging.getLogger("braid.service")
# How often to look: a braid is sealed at most this much, or a tenth, later than asked for.
_LONGEST = timedelta(minutes=1)
_SHORTEST = timedelta(milliseconds=100)


class Sweeper:
    """Calls `sweep`, which gives a count of braids sealed, at once and until it is stopped.

    A store that fails is tried again the next time: the relay says so where it matters.
    """

    def __init__(self, sweep: Callable[[], int], after: timedelta) -> None:
        self._sweep = sweep
        self._interval = max(_SHORTEST, min(after / 10, _LONGEST)).total_seconds()
        self._stop = threading.Event()
        # A process that ends in any other way than by `stop` does not wait for it.
        self._thread = threading.Thread(target=self._run, name="braid-sweeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the sweep that is under way, and wait for that."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        self._once()
        while not self._stop.wait(self._interval):
            self._once()

    def _once(self) -> None:
        try:
            sealed = self._sweep()
        except StoreUnavailable:
            return  # the store has logged it
        except Exception as fault:  # noqa: BLE001 the next sweep may do better
            # Its message could quote a conversation.
            _log.error("event=sweep_failed fault=%s", type(fault).__name__)
            return
        if sealed:
            _log.info("event=idle_braids_sealed count=%d", sealed)
