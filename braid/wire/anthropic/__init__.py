"""Anthropic Messages (`POST /v1/messages`): request and answer bytes to blocks."""

from braid.wire.anthropic.answer import read_answer
from braid.wire.anthropic.request import read_request

__all__ = ["read_answer", "read_request"]
