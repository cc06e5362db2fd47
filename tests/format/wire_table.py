"""What the blocks of each wire format become: examples, read by the code, as docs/wire.md.

usage, to write that page anew: .venv/bin/python tests/format/wire_table.py
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from braid.wire import anthropic, gemini, interactions, openai_chat, openai_responses
from braid.wire.block import AnswerReader, Block, Request

PAGE = Path(__file__).resolve().parents[2] / "docs" / "wire.md"
Json = dict[str, Any]
PNG = "iVBORw0KGgo="
_TEXT = {"type": "output_text", "text": "It rains.", "annotations": []}


@dataclass(frozen=True, slots=True)
class Format:
    """A wire format: how its requests and answers are read, and what stands in each."""

    title: str
    about: str
    read_request: Callable[[bytes], Request]
    read_answer: Callable[[int, str], AnswerReader]
    request: Callable[[Any], Json]
    answer: Callable[[Any], Json]
    sent: tuple[Json, ...]
    said: tuple[Json, ...]

    def rows(self) -> Iterator[tuple[str, str, Block]]:
        """Who said it, the native block's name, and each block that it becomes."""
        for native in self.sent:
            read = self.read_request(json.dumps(self.request(native)).encode())
            assert read.ambiguous is None, native
            for block in (*read.tools, *read.system, *read.messages):
                yield "request", name_of(native), block
        for native in self.said:
            reader = self.read_answer(200, "application/json")
            reader.feed(json.dumps(self.answer(native)).encode())
            blocks, outcome = reader.close()
            assert outcome.complete, native
            for block in blocks:
                if block.role:
                    yield "answer", name_of(native), block


def name_of(native: Json) -> str:
    """What a native block calls itself, with where it stands if that counts."""
    if "parts" in native:
        (part,) = native["parts"]
        modifiers = ("thought", "thoughtSignature")
        names = [name for name in part if name not in modifiers]
        marked = [name for name in modifiers if name in part]
        return f"{native.get('role', '')} {' '.join(names + marked)}".strip()
    if "role" in native:
        kinds = [name for name in native if name not in ("role", "tool_call_id", "name")]
        inner = native.get("content")
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            inner = [inner[0]["type"]]
            return f"{native['role']} {inner[0]}"
        if native.get("tool_calls"):
            return f"{native['role']} tool_calls {native['tool_calls'][0]['type']}"
        return f"{native['role']} {' '.join(kinds)}"
    return str(native.get("type") or " ".join(native))


def _of_role(role: str, *natives: Json) -> tuple[Json, ...]:
    return tuple({"role": role, "content": [native]} for native in natives)


def _parts(role: str, *parts: Json) -> tuple[Json, ...]:
    return tuple({"role": role, "parts": [part]} for part in parts)


_CALL = {"call_id": "c_1", "name": "f", "arguments": "{}"}
_URL = "https://example.org/x"

FORMATS = (
    Format(
        "Anthropic Messages",
        "`POST /v1/messages`. A message is a block for each of its content blocks.",
        anthropic.read_request,
        anthropic.read_answer,
        lambda native: {"messages": [native]} if "role" in native else native,
        lambda native: {"type": "message", "role": "assistant", "id": "msg_1",
                        "content": [native]},
        (
            {"system": "Be brief."},
            {"tools": [{"name": "f", "input_schema": {"type": "object"}}]},
            {"role": "user", "content": "Rain?"},
            *_of_role(
                "user",
                {"type": "text", "text": "Rain?"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
                {"type": "image", "source": {"type": "url", "url": _URL}},
                {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PNG}},
                {"type": "search_result", "source": "s", "title": "t", "content": []},
                {"type": "tool_result", "tool_use_id": "t_1", "content": "rain"},
                {"type": "container_upload", "file_id": "f_1"},
            ),
            *_of_role("assistant", {"type": "text", "text": "It rains."}),
            *_of_role("system", {"type": "text", "text": "Be kind."}),
        ),
        (
            {"type": "text", "text": "It rains."},
            {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
            {"type": "redacted_thinking", "data": "c2ln"},
            {"type": "tool_use", "id": "t_1", "name": "f", "input": {}},
            {"type": "server_tool_use", "id": "t_1", "name": "web_search", "input": {}},
            {"type": "mcp_tool_use", "id": "t_1", "name": "f", "server_name": "s", "input": {}},
            {"type": "web_search_tool_result", "tool_use_id": "t_1", "content": []},
            {"type": "mcp_tool_result", "tool_use_id": "t_1", "content": []},
            {"type": "compaction", "content": "So far.", "signature": "c2ln"},
            {"type": "zebra", "stripes": 7},
        ),
    ),
    Format(
        "OpenAI Chat Completions",
        "`POST /v1/chat/completions`, of OpenAI or a server that speaks like it. The system is what instructs before anyone has "
        "spoken. Each choice is a strand. The calls of a stream may grow side by side, by their index: one is whole when something "
        "else begins, if its arguments are JSON by then, else with its choice, as every call of a custom tool is.",
        openai_chat.read_request,
        openai_chat.read_answer,
        lambda native: {"messages": [native]} if "role" in native else native,
        lambda native: {"object": "chat.completion", "id": "c_1", "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **native}}]},
        (
            {"tools": [{"type": "function", "function": {"name": "f"}}]},
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": "Rain?"},
            *_of_role(
                "user",
                {"type": "text", "text": "Rain?"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
                {"type": "image_url", "image_url": {"url": _URL}},
                {"type": "input_audio", "input_audio": {"data": PNG, "format": "wav"}},
                {"type": "file", "file": {"file_data": f"data:application/pdf;base64,{PNG}"}},
                {"type": "file", "file": {"file_id": "f_1"}},
            ),
            {"role": "assistant", "content": "It rains."},
            {"role": "tool", "tool_call_id": "c_1", "content": "rain"},
            {"role": "function", "name": "f", "content": "rain"},
        ),
        (
            {"content": "It rains."},
            {"refusal": "No."},
            {"reasoning_content": "Hm."},
            {"reasoning": "Hm."},
            {"tool_calls": [{"type": "function", "id": "c_1", "function": {"name": "f", "arguments": "{}"}}]},
            {"tool_calls": [{"type": "custom", "id": "c_1", "custom": {"name": "f", "input": "ls"}}]},
            {"function_call": {"name": "f", "arguments": "{}"}},
            {"audio": {"id": "a_1", "data": PNG, "transcript": "Rain."}},
        ),
    ),
    Format(
        "OpenAI Responses",
        "`POST /v1/responses`, `GET` and `cancel` of one that runs in the background, and `compact`. A message is a block for each of its "
        "parts, reasoning for each of its texts; every other item is one. Of a stream an item is taken from `output_item.done`. "
        "Of the types that are not listed those that end in `_call` are a `tool_use`, those that end in `_output` a `tool_result`.",
        openai_responses.read_request,
        openai_responses.read_answer,
        lambda native: native if "type" not in native and "role" not in native else {"input": [native]},
        lambda native: {"object": "response", "id": "resp_1", "status": "completed",
                        "output": [native]},
        (
            {"instructions": "Be brief."},
            {"prompt": {"id": "pmpt_1"}},
            {"tools": [{"type": "function", "name": "f"}]},
            {"tools": [{"type": "mcp", "server_label": "s"}]},
            {"input": "Rain?"},
            {"role": "developer", "content": "Be kind."},
            *_of_role(
                "user",
                {"type": "input_text", "text": "Rain?"},
                {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"},
                {"type": "input_image", "file_id": "f_1"},
                {"type": "input_file", "file_url": _URL},
                {"type": "input_audio", "input_audio": {"data": PNG, "format": "mp3"}},
            ),
            *({"type": name, "call_id": "c_1", "output": "rain"} for name in (
                "function_call_output", "custom_tool_call_output", "computer_call_output",
                "local_shell_call_output", "shell_call_output", "apply_patch_call_output")),
            {"type": "mcp_approval_response", "approval_request_id": "a_1", "approve": True},
            {"type": "item_reference", "id": "msg_1"},
            {"type": "agent_message", "id": "a_1", "author": "/root", "recipient": "/root/x",
             "content": [{"type": "input_text", "text": "Look."}]},
            {"type": "additional_tools", "tools": []},
            {"type": "configuration_update"},
            {"type": "compaction_trigger"},
        ),
        (
            {"type": "message", "id": "m_1", "role": "assistant", "content": [_TEXT]},
            {"type": "message", "id": "m_1", "role": "assistant",
             "content": [{"type": "refusal", "refusal": "No."}]},
            {"type": "reasoning", "id": "r_1", "summary": [{"type": "summary_text", "text": "Hm."}],
             "encrypted_content": "gAAA"},
            {"type": "reasoning", "id": "r_1", "summary": [], "encrypted_content": "gAAA"},
            {"type": "function_call", "id": "f_1", **_CALL},
            {"type": "custom_tool_call", "id": "f_1", "call_id": "c_1", "name": "f", "input": "ls"},
            {"type": "web_search_call", "id": "w_1", "action": {"type": "search"}},
            {"type": "file_search_call", "id": "w_1", "queries": ["rain"]},
            {"type": "code_interpreter_call", "id": "w_1", "code": "1+1", "outputs": []},
            {"type": "computer_call", "id": "w_1", "call_id": "c_1", "action": {"type": "click"}},
            {"type": "local_shell_call", "id": "w_1", "call_id": "c_1", "action": {"type": "exec"}},
            {"type": "shell_call", "id": "w_1", "call_id": "c_1", "action": {"commands": []}},
            {"type": "shell_call_output", "id": "w_1", "call_id": "c_1", "output": []},
            {"type": "apply_patch_call", "id": "w_1", "call_id": "c_1", "operation": {}},
            {"type": "mcp_call", "id": "w_1", "name": "f", "arguments": "{}", "output": "rain"},
            {"type": "mcp_approval_request", "id": "a_1", "name": "f", "arguments": "{}"},
            {"type": "mcp_list_tools", "id": "l_1", "tools": []},
            {"type": "tool_search_call", "id": "w_1", "call_id": "c_1", "arguments": {}},
            {"type": "tool_search_output", "id": "w_1", "call_id": "c_1", "tools": []},
            {"type": "program", "id": "w_1", "call_id": "c_1", "code": "1", "fingerprint": "gAAA"},
            {"type": "program_output", "id": "w_1", "call_id": "c_1", "result": "1"},
            {"type": "image_generation_call", "id": "w_1", "result": PNG, "output_format": "png"},
            {"type": "compaction", "id": "w_1", "encrypted_content": "gAAA"},
            {"type": "zebra", "id": "z_1"},
        ),
    ),
    Format(
        "Gemini generateContent",
        "`…:generateContent` and `…:streamGenerateContent`, as events or as one array. A block is a part; of a stream, adjoining parts that "
        "go on with one text or thought are one. Each candidate is a strand.",
        gemini.read_request,
        gemini.read_answer,
        lambda native: {"contents": [native]} if "parts" in native else native,
        lambda native: {"candidates": [{"index": 0, "finishReason": "STOP", "content": native}]},
        (
            {"systemInstruction": {"parts": [{"text": "Be brief."}]}},
            {"tools": [{"functionDeclarations": [{"name": "f"}]}]},
            {"tools": [{"googleSearch": {}}]},
            {"cachedContent": "cachedContents/x"},
            *_parts(
                "user",
                {"text": "Rain?"},
                {"inlineData": {"mimeType": "image/png", "data": PNG}},
                {"fileData": {"mimeType": "image/png", "fileUri": _URL}},
                {"functionResponse": {"name": "f", "response": {}}},
                {"functionResponse": {"name": "f", "response": {}, "parts": []}},
            ),
        ),
        _parts(
            "model",
            {"text": "It rains."},
            {"text": "Hm.", "thought": True},
            {"text": "It rains.", "thoughtSignature": "c2ln"},
            {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "c2ln"},
            {"executableCode": {"language": "PYTHON", "code": "1"}},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
            {"toolCall": {"id": "t_1", "toolType": "X", "args": {}}},
            {"toolResponse": {"id": "t_1", "toolType": "X", "response": {}}},
            {"inlineData": {"mimeType": "image/png", "data": PNG}},
            {"zebra": {"stripes": 7}},
        ),
    ),
    Format(
        "Gemini Interactions",
        "`POST /v1beta/interactions`, `GET` and `cancel` of one that runs in the background. What was put in or came out is a block an item, "
        "a thought one for each text of its summary; every other step is one. Of the types that are not listed those that end in `_call` are "
        "a `tool_use`, those that end in `_result` a `tool_result`.",
        interactions.read_request,
        interactions.read_answer,
        lambda native: {"input": [native]} if "type" in native else native,
        lambda native: {"id": "i_1", "status": "completed", "steps": [native]},
        (
            {"system_instruction": "Be brief."},
            {"tools": [{"type": "function", "name": "f"}]},
            {"tools": [{"type": "mcp_server", "name": "s"}]},
            {"input": "Rain?"},
            {"type": "user_input", "content": [{"type": "text", "text": "Rain?"}]},
            {"type": "user_input", "content": [{"type": "image", "mime_type": "image/png", "data": PNG}]},
            {"type": "user_input", "content": [{"type": "video", "uri": _URL}]},
            {"type": "function_result", "call_id": "c_1", "result": "rain"},
        ),
        (
            {"type": "model_output", "content": [{"type": "text", "text": "It rains."}]},
            {"type": "thought", "signature": "c2ln", "summary": [{"type": "text", "text": "Hm."}]},
            {"type": "thought", "signature": "c2ln"},
            {"type": "function_call", "id": "c_1", "name": "f", "arguments": {}},
            {"type": "google_search_call", "id": "c_1", "arguments": {}, "signature": "c2ln"},
            {"type": "google_search_result", "call_id": "c_1", "result": [], "signature": "c2ln"},
            {"type": "zebra", "stripes": 7},
        ),
    ),
)  # fmt: skip

_HEAD = """# What the blocks of each wire format become

Made by the code from an example of each (`.venv/bin/python tests/format/wire_table.py`); a test holds it to that. `content` says what the node's
content is: `words` the decoded string, `bytes` the decoded base64, `JSON` what stood there as it was spelled. The attrs every block has
(`provider`, `type`, `index`, `model`) are left out. *Partial* marks what points at something the proxy did not see: a context that
holds it is partial (SPEC §6.2). What is not listed is kind `other` with its raw JSON; so is what an answer says beside its blocks.
What an answer repeats of its request is kind `other`, origin client (SPEC §3.3). The blocks of an answer are signed in the order in which
they end, which in a stream need not be the one in which they began.
"""
_LEFT_OUT = frozenset({"provider", "type", "index", "model"})


def render() -> str:
    """Give the page."""
    pieces = [_HEAD]
    for form in FORMATS:
        pieces.append(f"\n## {form.title}\n\n{form.about}\n\n")
        pieces.append("| in | native | kind | content | attrs | |\n|---|---|---|---|---|---|\n")
        rows = dict.fromkeys(_row(*each) for each in form.rows())
        pieces.extend(rows)
    return "".join(pieces)


def _row(place: str, native: str, block: Block) -> str:
    if block.media == "application/json":
        content = "JSON"
    elif block.media == "text/plain":
        content = "words" if block.content else "none"
    else:
        content = f"bytes, {block.media}"
    names = " ".join(f"`{name}`" for name in sorted(block.attrs) if name not in _LEFT_OUT)
    partial = "partial" if block.unseen else ""
    return f"| {place} | `{native}` | `{block.kind}` | {content} | {names} | {partial} |\n"


if __name__ == "__main__":
    PAGE.write_text(render())
