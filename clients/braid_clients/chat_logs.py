"""Conversations as other programs log them, turned into blocks: who said what, in which order.

Read are sessions of Claude Code (JSON Lines), exports of ChatGPT (`conversations.json`), and
messages as the APIs of Anthropic, OpenAI and Google have them: a list, an object that holds
such lists, or a line each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from braid.node import Kind

_OTHERS = frozenset(("user", "human", "tool", "function", "system", "developer", "environment"))
_MODELS = frozenset(("assistant", "model", "ai", "bot", "gpt"))
_TEXTS = frozenset(("text", "output_text", "input_text", "refusal"))
_THINKING = frozenset(("thinking", "redacted_thinking", "reasoning", "reasoning_content"))
_CALLS = frozenset(("tool_use", "server_tool_use", "mcp_tool_use", "tool_call", "function_call"))
_RESULTS = ("tool_result", "_tool_result", "function_call_output", "custom_tool_call_output")
_CONVERSATIONS = (
    "messages",
    "conversation",
    "chat",
    "contents",
    "input",
    "output",
    "history",
    "turns",
)
_LABELS = frozenset(
    ("type", "id", "call_id", "tool_use_id", "name", "role", "status", "media_type")
)
_DEPTH = 6

Log = Any
"""A value read from JSON."""


@dataclass(frozen=True, slots=True)
class Said:
    """A block of a log. `by_model` tells a model's words from what it was given.

    `place` says where in its file: `message 3` or `line 12`; `content` of a tool's input is its JSON
    as written by us where the log holds values and no text.
    """

    by_model: bool
    kind: Kind
    content: str
    place: str
    line: int | None = None
    media: str = "text/plain"
    attrs: dict[str, object] = field(default_factory=dict)


def read_log(text: str) -> list[Said] | None:
    """Read a chat log; None where the text is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _read_lines(text)
    return list(_conversation(value, None, 0)) or None


def _read_lines(text: str) -> list[Said] | None:
    said: list[Said] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            if number == 1:
                return None
            continue  # a last line may be cut off
        said += _conversation(value, number, 0)
    return said or None


def _conversation(value: Log, line: int | None, depth: int) -> Iterator[Said]:
    """Find messages in whatever holds them."""
    if depth > _DEPTH:
        return
    if isinstance(value, list):
        for number, each in enumerate(value, 1):
            place = f"line {line}" if line is not None else f"message {number}"
            if isinstance(each, dict) and (said := list(_message(each, place, line))):
                yield from said
            else:
                yield from _conversation(each, line, depth + 1)
    elif isinstance(value, dict):
        place = f"line {line}" if line is not None else "message 1"
        if said := list(_message(value, place, line)):
            yield from said
        elif isinstance(value.get("mapping"), dict):
            yield from _chatgpt(value["mapping"], line)
        else:
            for name in _CONVERSATIONS:
                yield from _conversation(value.get(name), line, depth + 1)
            for choice in _list(value.get("choices")):
                yield from _conversation(choice, line, depth + 1)
            for choice in _list(value.get("candidates")):
                yield from _conversation(_dict(choice).get("content"), line, depth + 1)


def _chatgpt(mapping: dict[str, Log], line: int | None) -> Iterator[Said]:
    nodes = [_dict(node) for node in mapping.values()]
    messages = [_dict(node.get("message")) for node in nodes if node.get("message")]
    messages.sort(key=lambda message: _number(message.get("create_time")))
    for number, message in enumerate(messages, 1):
        place = f"message {number}"
        role = _dict(message.get("author")).get("role")
        content = _dict(message.get("content"))
        by_model = role in _MODELS
        words = content.get("text")
        parts = [part for part in _list(content.get("parts")) if isinstance(part, str)]
        text = words if isinstance(words, str) else "\n".join(parts)
        match content.get("content_type"):
            case "thoughts" | "reasoning_recap":
                continue
            case "code" if by_model:
                tool = str(message.get("recipient") or "python")
                yield Said(True, Kind.TOOL_USE, text, place, line, attrs={"name": tool})
            case _ if text:
                yield Said(by_model, Kind.TEXT if by_model else Kind.PROMPT, text, place, line)


def _message(value: dict[str, Log], place: str, line: int | None) -> Iterator[Said]:
    """Read a message, or nothing where it is none."""
    message = _dict(value.get("message")) or value
    role = message.get("role") or value.get("from") or value.get("type")
    if not isinstance(role, str):
        return
    if role in _CALLS or role == "custom_tool_call":
        yield from _block(message, True, place, line)
        return
    if role.endswith(_RESULTS):
        yield from _result(message, place, line)
        return
    if role == "message":
        role = str(message.get("role"))
    if role not in _OTHERS and role not in _MODELS:
        return
    by_model = role in _MODELS
    content = message.get("content", message.get("parts", value.get("value", message.get("text"))))
    for block in [content] if isinstance(content, str) else _list(content):
        yield from _block(block, by_model, place, line)
    for call in _list(message.get("tool_calls")):
        yield from _block({"type": "tool_call", **_dict(call)}, by_model, place, line)
    if isinstance(message.get("function_call"), dict):
        yield from _block({"type": "tool_call", **message["function_call"]}, by_model, place, line)


def _block(block: Log, by_model: bool, place: str, line: int | None) -> Iterator[Said]:
    if isinstance(block, str):
        block = {"type": "text", "text": block}
    block = _dict(block)
    called = block.get("functionCall", block.get("function_call"))
    if isinstance(called, dict):
        yield _call(called.get("name"), called.get("args"), by_model, place, line)
        return
    if "functionResponse" in block or str(block.get("type")).endswith(_RESULTS):
        yield from _result(block, place, line)
        return
    kind = block.get("type", "text")
    if kind in _THINKING or block.get("thought") is True:
        return
    if kind in _CALLS or kind == "custom_tool_call":
        inner = _dict(block.get("function")) or _dict(block.get("custom")) or block
        given = next(
            (inner[name] for name in ("input", "arguments", "args", "parameters") if name in inner),
            "",
        )
        yield _call(inner.get("name"), given, by_model, place, line)
        return
    text = block.get("text", block.get("refusal"))
    if isinstance(text, str) and (kind in _TEXTS or "type" not in block):
        yield Said(by_model, Kind.TEXT if by_model else Kind.PROMPT, text, place, line)


def _call(name: Log, given: Log, by_model: bool, place: str, line: int | None) -> Said:
    written = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    media = "application/json" if written.lstrip().startswith("{") else "text/plain"
    attrs: dict[str, object] = {"name": name} if isinstance(name, str) else {}
    return Said(by_model, Kind.TOOL_USE, written, place, line, media, attrs)


def _result(block: dict[str, Log], place: str, line: int | None) -> Iterator[Said]:
    for text in _strings(block, 0):
        yield Said(False, Kind.TOOL_RESULT, text, place, line)


def _strings(value: Log, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth <= _DEPTH and isinstance(value, list | dict):
        if isinstance(value, dict):
            value = [each for name, each in value.items() if name not in _LABELS]
        for each in value:
            yield from _strings(each, depth + 1)


def _dict(value: Log) -> dict[str, Log]:
    return value if isinstance(value, dict) else {}


def _list(value: Log) -> list[Log]:
    return value if isinstance(value, list) else []


def _number(value: Log) -> float:
    return value if isinstance(value, int | float) else 0.0
