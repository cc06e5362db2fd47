"""Gemini `generateContent` and `streamGenerateContent`: request and answer bytes to blocks."""

from braid.wire.gemini.answer import read_answer
from braid.wire.gemini.request import read_request

__all__ = ["read_answer", "read_request"]
