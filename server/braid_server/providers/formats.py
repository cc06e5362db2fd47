"""Formats that more than one provider speaks, each at paths of its own."""

from __future__ import annotations

import re

from braid.wire import anthropic, openai_chat
from braid_server.provider import Calls, WireFormat

# What names an answer in a path.
ID = r"[\w.~-]+"


def messages_at(paths: str) -> WireFormat:
    """Give Anthropic Messages at plain paths that match."""
    return WireFormat(
        calls=(Calls("POST", re.compile(paths)),),
        read_request=lambda body, path, *known: anthropic.read_request(body, *known),
        read_answer=anthropic.read_answer,
    )


def chat_at(paths: str) -> WireFormat:
    """Give Chat Completions at plain paths that match."""
    return WireFormat(
        calls=(Calls("POST", re.compile(paths)),),
        read_request=lambda body, path, *known: openai_chat.read_request(body, *known),
        read_answer=openai_chat.read_answer,
    )
