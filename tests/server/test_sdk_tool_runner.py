"""The SDK's tool runner: message threads, their fallbacks, and full history, each one braid."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from anthropic import beta_async_tool, beta_tool

from fakes.provider import MODEL, Asked, Json, Reply, refuse, reply, text, thinking, tool_use
from fakes.proxied import Proxied, proxied

PLACES = ("Bergen", "Oslo", "Turku")
ASK: Any = {
    "model": MODEL,
    "max_tokens": 100,
    "system": "Be brief.",
    "messages": [{"role": "user", "content": "Where does it rain?"}],
}


@beta_tool
def weather(place: str) -> str:
    """Tells the weather.

    Args:
        place: Where.
    """
    return f"Rain in {place}."


@beta_async_tool(name="weather")
async def weather_async(place: str) -> str:
    """Tells the weather.

    Args:
        place: Where.
    """
    return f"Rain in {place}."


class Threads:
    """A provider that keeps threads, as the API does: what `loses` says of a request it refuses."""

    def __init__(self, loses: dict[int, Reply] | None = None) -> None:
        self._kept: dict[str, list[Any]] = {}
        self._loses = loses or {}

    def __call__(self, asked: Asked) -> Reply:
        if asked.number in self._loses:
            return self._loses[asked.number]
        request = asked.request
        thread = request.get("thread") or {}
        before: list[Any] = []
        if thread.get("type") == "continue":
            assert "system" not in request
            assert "tools" not in request
            before = self._kept[thread["previous_message_id"]]
        history = [*before, *request["messages"]]
        answered = sum(turn["role"] == "assistant" for turn in history)
        content: tuple[Json, ...]
        if answered < len(PLACES):
            place = PLACES[answered]
            content = (thinking(f"Now {place}."), tool_use("weather", {"place": place}))
        else:
            content = (text("It rains everywhere."),)
        name = f"msg_{asked.number:04d}"
        if thread:
            said = {"role": "assistant", "content": list(content)}
            self._kept[name] = [*history, said]
        return reply(asked, *content, id=name)


def not_found() -> Reply:
    details = {"error_code": "thread_not_found"}
    return refuse(404, "not_found_error", "No such thread.", details)


def run(braid: Proxied, **how: Any) -> str:
    with braid.client() as client:
        runner = client.beta.messages.tool_runner(**ASK, tools=[weather], **how)
        if how.get("stream"):
            for stream in runner:
                for _ in stream:
                    pass
        final = runner.until_done()
    (block,) = final.content
    return str(block.text)


WHOLE = ["prompt", *["thinking", "tool_use", "tool_result"] * len(PLACES)]


def assert_one_conversation(braid: Proxied, by: list[str]) -> None:
    """Hold the record of a whole run against what the runner did."""
    story = braid.story()
    assert [call.by for call in story.calls] == by
    last = story.calls[-1]
    # The model saw it all, whether or not the client sent it again.
    assert [node.kind for node in last.shown["messages"]] == WHOLE
    assert [node.text for node in last.shown["system"]] == ["Be brief."]
    assert [node.value["name"] for node in last.shown["tools"]] == ["weather"]
    results = [node for node in last.shown["messages"] if node.kind == "tool_result"]
    assert [node.text if node.header["media"] == "text/plain" else node.value for node in results]
    assert all(place in node.text for place, node in zip(PLACES, results, strict=True))
    assert [node.text for node in last.content] == ["It rains everywhere."]
    assert sum(node.kind == "thinking" for node in story.nodes) == len(PLACES)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_thread_is_one_braid_although_nothing_is_resent(tmp_path: Path, stream: bool) -> None:
    with proxied(Threads(), tmp_path) as braid:
        assert run(braid, stream=stream) == "It rains everywhere."
        sent = braid.provider.requests()
        assert [one["thread"]["type"] for one in sent] == ["create", *["continue"] * 3]
        assert [len(one["messages"]) for one in sent] == [1, 1, 1, 1]
        assert_one_conversation(braid, ["new", "thread", "thread", "thread"])
        assert [call.history for call in braid.story().calls] == [[], *[["continued"]] * 3]


def test_a_thread_is_one_braid_for_an_async_client(tmp_path: Path) -> None:
    async def program(braid: Proxied) -> str:
        async with braid.async_client() as client:
            final = await client.beta.messages.tool_runner(
                **ASK, tools=[weather_async]
            ).until_done()
        (block,) = final.content
        return str(block.text)

    with proxied(Threads(), tmp_path) as braid:
        assert asyncio.run(program(braid)) == "It rains everywhere."
        assert_one_conversation(braid, ["new", "thread", "thread", "thread"])


def test_without_threads_the_resent_history_is_one_braid(tmp_path: Path) -> None:
    with proxied(Threads(), tmp_path) as braid:
        assert run(braid, thread=False) == "It rains everywhere."
        sent = braid.provider.requests()
        assert all("thread" not in one for one in sent)
        assert [len(one["messages"]) for one in sent] == [1, 3, 5, 7]
        assert_one_conversation(braid, ["new", "prefix", "prefix", "prefix"])


@pytest.mark.parametrize(
    "code", ["thread_not_found", "thread_already_continued", "thread_continue_in_flight"]
)
def test_a_lost_thread_is_replayed_and_stays_one_braid(tmp_path: Path, code: str) -> None:
    lost = refuse(404, "not_found_error", "No.", {"error_code": code})
    with proxied(Threads({2: lost}), tmp_path) as braid:
        assert run(braid) == "It rains everywhere."
        sent = [one["thread"]["type"] for one in braid.provider.requests()]
        assert sent == ["create", "continue", "continue", "create", "continue"]
        assert len(braid.provider.requests()[3]["messages"]) == 5
        assert_one_conversation(braid, ["new", "thread", "thread", "prefix", "thread"])
        calls = braid.story().calls
    assert [call.outcome for call in calls] == [
        "complete",
        "complete",
        "error",
        "complete",
        "complete",
    ]
    assert calls[3].history == ["continued"]
    # What was asked in vain is what was asked again.
    assert [node.kind for node in calls[2].shown["messages"]] == WHOLE[:7]
    assert [node.content for node in calls[2].shown["messages"]] == [
        node.content for node in calls[3].shown["messages"]
    ]


def test_an_upstream_without_threads_makes_the_sdk_resend(tmp_path: Path) -> None:
    details = {"error_code": "thread_unsupported_request", "unsupported": ["proxy"]}
    no = refuse(400, "invalid_request_error", "No threads.", details)
    with proxied(Threads({0: no}), tmp_path) as braid:
        assert run(braid) == "It rains everywhere."
        sent = braid.provider.requests()
        assert [bool(one.get("thread")) for one in sent] == [True, False, False, False, False]
        stories = braid.stories()
    # The refused request is a call of its own: nothing came of it that could be gone on from.
    assert [len(story.calls) for story in stories] == [1, 4]
    assert stories[0].calls[0].outcome == "error"
    assert [call.by for call in stories[1].calls] == ["new", *["prefix"] * 3]


def test_a_thread_that_began_elsewhere_is_partial(tmp_path: Path) -> None:
    with proxied(lambda asked: reply(asked, text("Yes.")), tmp_path) as braid:
        with braid.client() as client:
            client.beta.messages.create(
                model=MODEL,
                max_tokens=10,
                messages=[{"role": "user", "content": "Still?"}],
                thread={"type": "continue", "previous_message_id": "msg_from_elsewhere"},
            )
        (call,) = braid.story().calls
        assert call.node.value["context"]["partial"] is True
        assert [node.kind for node in call.shown["messages"]] == ["other", "prompt"]
        assert call.shown["messages"][0].value == {"continues": "msg_from_elsewhere"}


def test_a_paused_turn_of_a_thread_is_resumed_with_nothing(tmp_path: Path) -> None:
    def answering(asked: Asked) -> Reply:
        if asked.number == 0:
            return reply(asked, text("I will search."), stop="pause_turn")
        assert asked.request["messages"] == []
        return reply(asked, text("Found."))

    with proxied(answering, tmp_path) as braid:
        assert run(braid) == "Found."
        first, second = braid.story().calls
    assert (second.by, second.history) == ("thread", ["continued"])
    assert [node.text for node in second.shown["messages"]] == [
        "Where does it rain?",
        "I will search.",
    ]
    assert first.end is not None
    assert second.node.prev[0] == first.end.s
