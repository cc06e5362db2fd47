"""What a user touches: `Braid` and `AsyncBraid` for programs, the command `braid` for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from braid_clients.answer_check import (
        AnswerCheck,
        AnswerNotGenuine,
        Difference,
        RootNotPinned,
    )
    from braid_clients.calls import Call, NotRecorded, call_of
    from braid_clients.client import AsyncBraid, Braid
    from braid_clients.conversation import Conversation
    from braid_clients.server import NoSuchBraid, NotBraid, ServerError, TokenRefused

_MODULES = {
    "AnswerCheck": "answer_check",
    "AnswerNotGenuine": "answer_check",
    "AsyncBraid": "client",
    "Braid": "client",
    "Call": "calls",
    "Conversation": "conversation",
    "Difference": "answer_check",
    "NoSuchBraid": "server",
    "NotBraid": "server",
    "NotRecorded": "calls",
    "RootNotPinned": "answer_check",
    "ServerError": "server",
    "TokenRefused": "server",
    "call_of": "calls",
}

__all__ = [
    "AnswerCheck",
    "AnswerNotGenuine",
    "AsyncBraid",
    "Braid",
    "Call",
    "Conversation",
    "Difference",
    "NoSuchBraid",
    "NotBraid",
    "NotRecorded",
    "RootNotPinned",
    "ServerError",
    "TokenRefused",
    "call_of",
]


def __getattr__(name: str) -> object:
    # Loaded when asked for: the command line has to start fast, and without httpx.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        module = import_module(f"{__name__}.{_MODULES[name]}")
    except ModuleNotFoundError as fault:
        if fault.name != "httpx":
            raise
        message = f"{name} needs httpx: pip install 'braid-provenance[clients]'"
        raise ImportError(message, name=fault.name) from fault
    return getattr(module, name)
