"""Log lines of the server's parts on stderr, in the shape of everything else there."""

from __future__ import annotations

import logging
import os
import sys
import time

from braid_clients.visible import visible

_OURS = ("braid", "braid_server")  # two roots: a logger's name says what speaks, or where


class _OneLine(logging.Formatter):
    """A line a record. Of an exception only the type: its text may hold words of a conversation."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self, timed: bool) -> None:
        super().__init__()
        self._timed = timed
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        fault = record.exc_info[0] if record.exc_info else None
        when = f"{self.formatTime(record)} " if self._timed else ""
        if fault is None:
            return visible(f"braid: {when}{record.getMessage()}")
        if os.environ.get("BRAID_DEBUG"):
            return super().format(record)
        return visible(f"braid: {when}{record.msg} fault={fault.__name__}")


def log_to_stderr(level: int, *, timed: bool = False) -> None:
    """Show our own records from this level on, and the warnings of the libraries below."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine(timed))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
