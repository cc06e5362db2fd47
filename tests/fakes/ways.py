"""Every way in which a program gets an answer from an SDK, each with a client of its own.

A way gives the response, and the answer where the response does not hold it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

import anthropic
import openai
from google import genai

from braid_clients import Conversation

QUESTION = "What is the weather?"
_MESSAGES: Any = [{"role": "user", "content": QUESTION}]
_ANTHROPIC: Any = {"model": "claude-x", "max_tokens": 99, "messages": _MESSAGES}
_CHAT: Any = {"model": "gpt-x", "messages": _MESSAGES}
_RESPONSE: Any = {"model": "gpt-x", "input": QUESTION}
_GEMINI: Any = {"model": "gemini-x", "contents": QUESTION}
_INTERACTION: Any = {"model": "gemini-x", "input": QUESTION}
KEY = "no-key-8d1f"


class Came(NamedTuple):
    """A response, the events where it holds no answer, and whether it holds its request."""

    response: Any
    answer: Any = None
    asks: bool = True


def _claude(talk: Conversation) -> anthropic.Anthropic:
    return anthropic.Anthropic(**talk.anthropic(), api_key=KEY, max_retries=0)


def _async_claude(talk: Conversation) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(**talk.anthropic(), api_key=KEY, max_retries=0)


def _gpt(talk: Conversation) -> openai.OpenAI:
    return openai.OpenAI(**talk.openai(), api_key=KEY, max_retries=0)


def _async_gpt(talk: Conversation) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(**talk.openai(), api_key=KEY, max_retries=0)


def _genai(talk: Conversation) -> genai.Client:
    return genai.Client(**talk.gemini(), api_key=KEY)


def anthropic_raw(talk: Conversation) -> Came:
    with _claude(talk) as client:
        return Came(client.messages.with_raw_response.create(**_ANTHROPIC))


def anthropic_helper(talk: Conversation) -> Came:
    with _claude(talk) as client, client.messages.stream(**_ANTHROPIC) as stream:
        assert "".join(stream.text_stream)
        return Came(stream)


def anthropic_events(talk: Conversation) -> Came:
    with _claude(talk) as client:
        stream = client.messages.create(**_ANTHROPIC, stream=True)
        return Came(stream, list(stream))


def chat_raw(talk: Conversation) -> Came:
    with _gpt(talk) as client:
        return Came(client.chat.completions.with_raw_response.create(**_CHAT))


def chat_several(talk: Conversation) -> Came:
    with _gpt(talk) as client:
        return Came(client.chat.completions.with_raw_response.create(**_CHAT, n=3))


def chat_helper(talk: Conversation) -> Came:
    with _gpt(talk) as client, client.chat.completions.stream(**_CHAT) as stream:
        for _ in stream:
            pass
        return Came(stream)


def chat_chunks(talk: Conversation) -> Came:
    with _gpt(talk) as client:
        stream = client.chat.completions.create(**_CHAT, stream=True, n=2)
        return Came(stream, list(stream))


def responses_raw(talk: Conversation) -> Came:
    with _gpt(talk) as client:
        return Came(client.responses.with_raw_response.create(**_RESPONSE))


def responses_helper(talk: Conversation) -> Came:
    with _gpt(talk) as client, client.responses.stream(**_RESPONSE) as stream:
        stream.until_done()
        return Came(stream)


def responses_events(talk: Conversation) -> Came:
    with _gpt(talk) as client:
        stream = client.responses.create(**_RESPONSE, stream=True)
        return Came(stream, list(stream))


def gemini_whole(talk: Conversation) -> Came:
    with _genai(talk) as client:
        return Came(client.models.generate_content(**_GEMINI), asks=False)


def gemini_stream(talk: Conversation) -> Came:
    with _genai(talk) as client:
        return Came(list(client.models.generate_content_stream(**_GEMINI)), asks=False)


def gemini_chat(talk: Conversation) -> Came:
    with _genai(talk) as client:
        return Came(client.chats.create(model="gemini-x").send_message(QUESTION), asks=False)


def interactions_raw(talk: Conversation) -> Came:
    with _genai(talk) as client:
        return Came(client.interactions.with_raw_response.create(**_INTERACTION))


def interactions_events(talk: Conversation) -> Came:
    with _genai(talk) as client:
        raw = client.interactions.with_raw_response.create(**_INTERACTION, stream=True)
        return Came(raw, list(raw.parse()))


WAYS = (
    anthropic_raw,
    anthropic_helper,
    anthropic_events,
    chat_raw,
    chat_several,
    chat_helper,
    chat_chunks,
    responses_raw,
    responses_helper,
    responses_events,
    gemini_whole,
    gemini_stream,
    gemini_chat,
    interactions_raw,
    interactions_events,
)


async def async_anthropic_raw(talk: Conversation) -> Came:
    async with _async_claude(talk) as client:
        return Came(await client.messages.with_raw_response.create(**_ANTHROPIC))


async def async_anthropic_helper(talk: Conversation) -> Came:
    async with _async_claude(talk) as client, client.messages.stream(**_ANTHROPIC) as stream:
        assert [piece async for piece in stream.text_stream]
        return Came(stream)


async def async_anthropic_events(talk: Conversation) -> Came:
    async with _async_claude(talk) as client:
        stream = await client.messages.create(**_ANTHROPIC, stream=True)
        return Came(stream, [event async for event in stream])


async def async_chat_raw(talk: Conversation) -> Came:
    async with _async_gpt(talk) as client:
        return Came(await client.chat.completions.with_raw_response.create(**_CHAT))


async def async_chat_helper(talk: Conversation) -> Came:
    async with _async_gpt(talk) as client, client.chat.completions.stream(**_CHAT) as stream:
        await stream.until_done()
        return Came(stream)


async def async_responses_raw(talk: Conversation) -> Came:
    async with _async_gpt(talk) as client:
        return Came(await client.responses.with_raw_response.create(**_RESPONSE))


async def async_responses_helper(talk: Conversation) -> Came:
    async with _async_gpt(talk) as client, client.responses.stream(**_RESPONSE) as stream:
        await stream.until_done()
        return Came(stream)


async def async_gemini_whole(talk: Conversation) -> Came:
    async with _genai(talk).aio as client:
        return Came(await client.models.generate_content(**_GEMINI), asks=False)


async def async_gemini_stream(talk: Conversation) -> Came:
    async with _genai(talk).aio as client:
        stream = await client.models.generate_content_stream(**_GEMINI)
        return Came([chunk async for chunk in stream], asks=False)


async def async_interactions_raw(talk: Conversation) -> Came:
    async with _genai(talk).aio as client:
        return Came(await client.interactions.with_raw_response.create(**_INTERACTION))


AsyncWay = Callable[[Conversation], Coroutine[Any, Any, Came]]
ASYNC_WAYS: tuple[AsyncWay, ...] = (
    async_anthropic_raw,
    async_anthropic_helper,
    async_anthropic_events,
    async_chat_raw,
    async_chat_helper,
    async_responses_raw,
    async_responses_helper,
    async_gemini_whole,
    async_gemini_stream,
    async_interactions_raw,
)
