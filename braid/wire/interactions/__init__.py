"""Gemini Interactions (`POST /v1beta/interactions`, and `GET` of one that is kept)."""

from braid.wire.interactions.answer import read_answer
from braid.wire.interactions.request import read_request

__all__ = ["read_answer", "read_request"]
