"""The events of a streamed response, by what they bring.

The list: https://platform.openai.com/docs/api-reference/responses-streaming.
"""

from __future__ import annotations

import re

from braid.wire.openai_responses.open_item import Growth

DATA_AT = frozenset(
    {
        ("item", "action", "env"),
        ("item", "arguments"),
        ("item", "tools", "input_schema"),
        ("item", "tools", "parameters"),
        ("item", "tools", "tools", "parameters"),
        ("response", "instructions"),
        ("response", "metadata"),
        ("response", "output", "action", "env"),
        ("response", "output", "arguments"),
        ("response", "output", "tools", "input_schema"),
        ("response", "output", "tools", "parameters"),
        ("response", "output", "tools", "tools", "parameters"),
        ("response", "prompt", "variables"),
        ("response", "text", "format", "schema"),
        ("response", "tools", "parameters"),
        ("response", "tools", "tools", "parameters"),
    }
)

GROWTHS = {
    "response.output_text": Growth("text", "message", "content", "content_index", "output_text"),
    "response.refusal": Growth("refusal", "message", "content", "content_index", "refusal"),
    "response.reasoning_text": Growth(
        "text", "reasoning", "content", "content_index", "reasoning_text"
    ),
    "response.reasoning_summary_text": Growth(
        "text", "reasoning", "summary", "summary_index", "summary_text"
    ),
    "response.function_call_arguments": Growth("arguments", "function_call"),
    "response.mcp_call_arguments": Growth("arguments", "mcp_call"),
    "response.custom_tool_call_input": Growth("input", "custom_tool_call"),
    "response.code_interpreter_call_code": Growth("code", "code_interpreter_call"),
}
PARTS = {
    "response.content_part": Growth("", "message", "content", "content_index"),
    "response.reasoning_part": Growth("", "reasoning", "content", "content_index"),
    "response.reasoning_summary_part": Growth("", "reasoning", "summary", "summary_index"),
}
ANNOTATION = "response.output_text.annotation.added"
PARTIAL_IMAGE = "response.image_generation_call.partial_image"
ENDS = frozenset(
    f"response.{status}" for status in ("completed", "incomplete", "failed", "cancelled")
)
LIVES = ENDS | {"response.created", "response.queued", "response.in_progress"}
SPEECH = {"response.audio": "data", "response.audio.transcript": "transcript"}
# What the item at its end says again.
is_repeated = re.compile(r"response\.shell_call_(?:command|output_content)\.\w+").fullmatch
# How a provider's tool gets on, which says no word.
is_progress = re.compile(
    r"keepalive|response\.[a-z_]+\."
    r"(?:in_progress|searching|generating|interpreting|compacting|completed|failed)"
).fullmatch

# Members that say where an event belongs, and padding against those who count bytes.
ADDRESS = frozenset({"item_id", "obfuscation", "output_index", "sequence_number"})
IDLE = ("obfuscation", "sequence_number")
