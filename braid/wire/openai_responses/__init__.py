"""OpenAI Responses (`POST /v1/responses`, and `GET` of one that runs in the background)."""

from braid.wire.openai_responses.answer import read_answer
from braid.wire.openai_responses.request import read_request

__all__ = ["read_answer", "read_request"]
