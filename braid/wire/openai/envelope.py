"""What an answer of OpenAI's, or of a server that speaks like it, says around its blocks."""

from __future__ import annotations

from msgspec import Raw

from braid.node import Origin
from braid.wire.block import Block, Outcome
from braid.wire.envelope import Envelope
from braid.wire.native import Members
from braid.wire.openai.part import keep_raw
from braid.wire.openai.tool import hide_each
from braid.wire.raw_json import is_null, join_members, read_word

PROMPTS = frozenset(
    {
        "echo",
        "input",
        "messages",
        "prompt",
        "prompt_logprobs",
        "prompt_text",
        "prompt_token_ids",
        "request",
    }
)
"""What servers name the input that they list, in an answer or in one of its choices."""

# Parameters of a request that answers repeat. `model` and `service_tier` are not among them:
# there an answer says what it took.
ECHOES = PROMPTS | frozenset(
    {
        "access_programs", "audio", "background", "context_management", "conversation",
        "frequency_penalty", "function_call", "functions", "image", "include", "input_user",
        "instructions", "logit_bias", "max_completion_tokens", "max_output_tokens",
        "max_tokens", "max_tool_calls", "metadata", "modalities", "n",
        "parallel_tool_calls", "prediction", "presence_penalty", "previous_response_id",
        "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning",
        "reasoning_effort", "response_format", "safety_identifier", "seed", "stop", "store",
        "stream", "stream_options", "temperature", "text", "tool_choice", "tools", "top_k",
        "top_logprobs", "top_p", "truncation", "user", "verbosity", "web_search_options",
    }
)  # fmt: skip

_NO_ERROR = (b'""', b"{}", b"[]", b"0", b"false")


class AnswerEnvelope(Envelope):
    """The members of an answer; `native` is the `object` that it is."""

    __slots__ = ("_native",)

    def __init__(self, native: str) -> None:
        super().__init__({"object": native, "id": None, "model": None})
        self._native = native

    def tell(
        self,
        *,
        complete: bool,
        error: bool,
        stop_reason: str | None,
        beside: Members,
        echoed: Members,
    ) -> tuple[list[Block], Outcome]:
        """Give the outcome, and two blocks: what has no place in it, and what is an echo.

        What an answer repeats of its request is input, and has origin client (SPEC §3.3).
        `beside` and `echoed` are what the blocks of the answer left over of either sort.
        """
        left, outcome = self.end(complete=complete, error=error, stop_reason=stop_reason)
        own = {name: value for name, value in left.items() if name not in ECHOES}
        echo = {
            name: hide_each(value) if name == "tools" else value
            for name, value in left.items()
            if name in ECHOES
        }
        told = [
            keep_raw(join_members(members), "", origin, {"type": native} | self._named())
            for members, origin, native in (
                ({**own, **beside}, Origin.PROVIDER, self._native),
                ({**echo, **echoed}, Origin.CLIENT, "echo"),
            )
            if members
        ]
        return told, outcome

    def _named(self) -> dict[str, object]:
        return {} if self.id is None else {"id": self.id}


def type_of(members: Members) -> str | None:
    """Give the native type of a document: what it says, or `error` for one that tells of one."""
    if is_failure(members.get("error")):
        return "error"
    return read_word(members.get("object"))


def is_failure(error: Raw | None) -> bool:
    """Say whether a member `error` tells of one; the SDK raises where it is true in Python."""
    return error is not None and not is_null(error) and bytes(error) not in _NO_ERROR
