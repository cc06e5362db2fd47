"""Every recorded answer of a real provider passes the check after its SDK has parsed it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import anthropic
import openai
from google import genai

from braid_clients import Braid, Conversation, Difference
from fakes.provider import Asked, Reply
from fakes.proxied import proxied
from fakes.replay import EVERY, Exchange, recorded
from fakes.ways import KEY, Came

CONTENT_TYPES = {True: "text/event-stream", False: "application/json"}
_TURN: Any = [{"role": "user", "content": "x"}]


def ask(exchange: Exchange, talk: Conversation) -> Came | None:
    """Ask in the format of an exchange, streamed or not as it was; None for another format."""
    path, streamed = exchange.path.partition("?")[0], exchange.streamed
    raw: Any
    if path.endswith(("/messages", "/chat/completions", "/responses")):
        if path.endswith("/messages"):
            with anthropic.Anthropic(**talk.anthropic(), api_key=KEY, max_retries=0) as claude:
                raw = claude.messages.with_raw_response.create(
                    model="m", max_tokens=9, messages=_TURN, stream=streamed
                )
                return Came(raw, list(raw.parse()) if streamed else None)
        with openai.OpenAI(**talk.openai(), api_key=KEY, max_retries=0) as gpt:
            if path.endswith("/responses"):
                raw = gpt.responses.with_raw_response.create(model="m", input="x", stream=streamed)
            else:
                raw = gpt.chat.completions.with_raw_response.create(
                    model="m", messages=_TURN, stream=streamed
                )
            return Came(raw, list(raw.parse()) if streamed else None)
    if path.endswith((":generateContent", ":streamGenerateContent")):
        with genai.Client(**talk.gemini(), api_key=KEY) as client:
            if streamed:
                return Came(list(client.models.generate_content_stream(model="m", contents="x")))
            if exchange.answer.lstrip().startswith(b"["):
                return None  # a stream as an array, which this SDK does not ask for
            return Came(client.models.generate_content(model="m", contents="x"))
    return None


def test_all_of_them(shared: Path, tmp_path: Path) -> None:
    exchanges = [
        (recording.name, exchange)
        for recording in recorded(shared / "recordings", EVERY)
        for exchange in recording.exchanges
        if exchange.status == 200
    ]
    playing: list[Exchange] = []

    def plays(asked: Asked) -> Reply:
        exchange = playing[-1]
        return Reply(exchange.answer, headers={"content-type": CONTENT_TYPES[exchange.streamed]})

    passed = Counter[str]()
    with proxied(plays, tmp_path) as server, Braid(server.url, roots=[server.root()]) as braid:
        for number, (name, exchange) in enumerate(exchanges):
            playing.append(exchange)
            came = ask(exchange, braid.conversation(str(number)))
            if came is None:
                continue
            check: Any = braid.check(*came[: 1 if came.answer is None else 2])
            outcomes = check.report.counts.outcomes
            if outcomes != {"complete": 1}:
                assert [one.difference for one in check.differences] == [Difference.NOT_COMPLETE]
                continue
            assert not check.differences, (name, exchange.path, check.differences)
            assert check.genuine
            passed[exchange.provider] += 1
    assert set(passed) == set(EVERY) and sum(passed.values()) > 200, passed
