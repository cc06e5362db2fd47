"""One conversation in the request shapes of every provider: what tests change and send back."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from braid.context import ContextList
from braid.node import Origin
from braid.wire import anthropic, gemini, interactions, openai_chat, openai_responses
from braid.wire.block import Block, Request
from braid_verifier.judgement import is_answer
from fakes.braids import Braid

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Say:
    """The user's words, or the assistant's."""

    words: str
    user: bool = False


@dataclass(frozen=True, slots=True)
class Think:
    words: str
    signature: str


@dataclass(frozen=True, slots=True)
class Use:
    id: str
    name: str
    given: Json


@dataclass(frozen=True, slots=True)
class Result:
    id: str
    name: str
    words: str


Said = Say | Think | Use | Result


@dataclass(frozen=True, slots=True)
class Talk:
    """What was said in order, with system prompt and tools (name to description)."""

    said: tuple[Said, ...]
    system: str = "Be brief."
    tools: tuple[tuple[str, str], ...] = (("look", "Looks things up."), ("add", "Adds numbers."))

    def but(self, said: Sequence[Said]) -> Talk:
        return dataclasses.replace(self, said=tuple(said))


def user(words: str) -> Say:
    return Say(words, user=True)


SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}}


def anthropic_request(talk: Talk) -> Json:
    messages: list[Json] = []

    def add(role: str, block: Json) -> None:
        if not messages or messages[-1]["role"] != role:
            messages.append({"role": role, "content": []})
        messages[-1]["content"].append(block)

    for one in talk.said:
        match one:
            case Say(words, user=True):
                add("user", {"type": "text", "text": words})
            case Say(words):
                add("assistant", {"type": "text", "text": words})
            case Think(words, signature):
                add("assistant", {"type": "thinking", "thinking": words, "signature": signature})
            case Use(name, tool, given):
                add("assistant", {"type": "tool_use", "id": name, "name": tool, "input": given})
            case Result(name, _, words):
                add("user", {"type": "tool_result", "tool_use_id": name, "content": words})
    tools = [
        {"name": name, "description": about, "input_schema": SCHEMA} for name, about in talk.tools
    ]
    return {"model": "m", "system": talk.system, "tools": tools, "messages": messages}


def chat_request(talk: Talk) -> Json:
    messages: list[Json] = [{"role": "system", "content": talk.system}]

    def assistant() -> Json:
        if messages[-1]["role"] != "assistant":
            messages.append({"role": "assistant", "content": None})
        return messages[-1]

    for one in talk.said:
        match one:
            case Say(words, user=True):
                messages.append({"role": "user", "content": words})
            case Say(words):
                turn = assistant()
                if turn["content"] is None and "tool_calls" not in turn:
                    turn["content"] = words
                else:
                    messages.append({"role": "assistant", "content": words})
            case Think(words):
                assistant()["reasoning_content"] = words
            case Use(name, tool, given):
                call = {"name": tool, "arguments": json.dumps(given)}
                calls = assistant().setdefault("tool_calls", [])
                calls.append({"id": name, "type": "function", "function": call})
            case Result(name, _, words):
                messages.append({"role": "tool", "tool_call_id": name, "content": words})
    tools = [
        {"type": "function", "function": {"name": n, "description": about, "parameters": SCHEMA}}
        for n, about in talk.tools
    ]
    return {"model": "m", "messages": messages, "tools": tools}


def responses_request(talk: Talk) -> Json:
    items: list[Json] = []
    for one in talk.said:
        match one:
            case Say(words, user=True):
                part = {"type": "input_text", "text": words}
                items.append({"type": "message", "role": "user", "content": [part]})
            case Say(words):
                spoken: Json = {"type": "output_text", "text": words, "annotations": []}
                items.append({"type": "message", "role": "assistant", "content": [spoken]})
            case Think(words, signature):
                summary = [{"type": "summary_text", "text": words}]
                reasoning = {"type": "reasoning", "id": f"rs_{signature}", "summary": summary}
                items.append({**reasoning, "encrypted_content": signature})
            case Use(name, tool, given):
                call = {"call_id": name, "name": tool, "arguments": json.dumps(given)}
                items.append({"type": "function_call", "id": f"fc_{name}", **call})
            case Result(name, _, words):
                items.append({"type": "function_call_output", "call_id": name, "output": words})
    tools = [
        {"type": "function", "name": n, "description": about, "parameters": SCHEMA}
        for n, about in talk.tools
    ]
    return {"model": "m", "instructions": talk.system, "input": items, "tools": tools}


def gemini_request(talk: Talk) -> Json:
    contents: list[Json] = []

    def add(role: str, part: Json) -> None:
        if not contents or contents[-1]["role"] != role:
            contents.append({"role": role, "parts": []})
        contents[-1]["parts"].append(part)

    for one in talk.said:
        match one:
            case Say(words, user=True):
                add("user", {"text": words})
            case Say(words):
                add("model", {"text": words})
            case Think(words, signature):
                add("model", {"text": words, "thought": True, "thoughtSignature": signature})
            case Use(_, tool, given):
                add("model", {"functionCall": {"name": tool, "args": given}})
            case Result(_, tool, words):
                response = {"name": tool, "response": {"result": words}}
                add("user", {"functionResponse": response})
    functions = [{"name": n, "description": about, "parameters": SCHEMA} for n, about in talk.tools]
    return {
        "systemInstruction": {"parts": [{"text": talk.system}]},
        "contents": contents,
        "tools": [{"functionDeclarations": functions}],
    }


def interactions_request(talk: Talk) -> Json:
    steps: list[Json] = []
    for one in talk.said:
        match one:
            case Say(words, of_user):
                kind = "user_input" if of_user else "model_output"
                steps.append({"type": kind, "content": [{"type": "text", "text": words}]})
            case Think(words, signature):
                summary = [{"type": "text", "text": words}]
                steps.append({"type": "thought", "summary": summary, "signature": signature})
            case Use(name, tool, given):
                call = {"id": name, "name": tool, "arguments": given}
                steps.append({"type": "function_call", **call})
            case Result(name, tool, words):
                result = {"call_id": name, "name": tool, "result": words}
                steps.append({"type": "function_result", **result})
    tools = [
        {"type": "function", "name": n, "description": about, "parameters": SCHEMA}
        for n, about in talk.tools
    ]
    return {"model": "m", "system_instruction": talk.system, "input": steps, "tools": tools}


@dataclass(frozen=True, slots=True)
class Dialect:
    """A wire format: how a conversation is asked in it, and how its requests are read.

    ids  whether its tool calls are known by ids.
    signs  whether its thoughts come with a provider's signature.
    """

    name: str
    ask: Callable[[Talk], Json]
    read: Callable[[bytes], Request]
    ids: bool = True
    signs: bool = True
    messages: str = field(default="messages")

    def blocks(self, talk: Talk) -> tuple[Block, ...]:
        return self.read(self.body(talk)).messages

    def body(self, talk: Talk) -> bytes:
        return json.dumps(copy.deepcopy(self.ask(talk))).encode()


DIALECTS = (
    Dialect("anthropic", anthropic_request, anthropic.read_request),
    Dialect("openai-chat", chat_request, openai_chat.read_request, signs=False),
    Dialect("openai-responses", responses_request, openai_responses.read_request, messages="input"),
    Dialect("gemini", gemini_request, gemini.read_request, ids=False, messages="contents"),
    Dialect("interactions", interactions_request, interactions.read_request, messages="input"),
)


def told(dialect: Dialect, talk: Talk, name: str = "braid") -> Braid:
    """Tell a conversation as a recorder would: what is the assistant's is the provider's."""
    braid = Braid(name)
    request = dialect.read(dialect.body(talk))
    for tool in request.tools:
        braid.take(tool, Origin.CLIENT, ContextList.TOOLS)
    for words in request.system:
        braid.take(words, Origin.CLIENT, ContextList.SYSTEM)
    answering = False
    for block in request.messages:
        speaks = is_answer(block)
        if speaks and not answering:
            braid.call()
        elif answering and not speaks:
            braid.end()
        answering = speaks
        braid.take(block, Origin.PROVIDER if speaks else Origin.CLIENT)
    if answering:
        braid.end()
    return braid
