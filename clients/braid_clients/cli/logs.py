"""Log lines of the server's parts on stderr, in the shape of everything else there."""

from __future__ import annotations

import logging
import os
import sys

from braid_clients.visible import visible


class _OneLine(logging.Formatter):
    """A line a record. Of an exception only the type: its text may hold words of a conversation."""

    def format(self, record: logging.LogRecord) -> str:
        fault = record.exc_info[0] if record.exc_info else None
        if fault is None:
            return visible(f"braid: {record.getMessage()}")
        if os.environ.get("BRAID_DEBUG"):
            return super().format(record)
        return visible(f"braid: {record.msg} fault={fault.__name__}")


def log_to_stderr(level: int) -> None:
    """Show our own records from this level on, and the warnings of the libraries below."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("braid").setLevel(level)
