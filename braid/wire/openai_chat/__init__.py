"""OpenAI Chat Completions (`POST /v1/chat/completions`), from OpenAI or any server that speaks it."""

from braid.wire.openai_chat.answer import read_answer
from braid.wire.openai_chat.request import read_request

__all__ = ["read_answer", "read_request"]
