"""An unmodified SDK program cannot tell that it speaks through the proxy, and leaves a record."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import anthropic
import pydantic
import pytest

from fakes.provider import (
    MODEL,
    Answering,
    Asked,
    Reply,
    event,
    refuse,
    reply,
    text,
    thinking,
    tool_use,
)
from fakes.proxied import API_KEY, Proxied, proxied
from fakes.story import native

TOOL: Any = {
    "name": "weather",
    "description": "Tells the weather.",
    "input_schema": {"type": "object", "properties": {"place": {"type": "string"}}},
}
ASK: Any = {"model": MODEL, "max_tokens": 100, "messages": [{"role": "user", "content": "Rain?"}]}
SAID = (thinking("They ask about rain."), text("It rains in Bergen – always."))


def says(*content: Any, **more: Any) -> Answering:
    return lambda asked: reply(asked, *content, **more)


def in_turn(*answers: Answering) -> Answering:
    """Answer in the order of arrival, the last answer for every further request."""
    return lambda asked: answers[min(asked.number, len(answers) - 1)](asked)


def recorded(braid: Proxied, content: Any) -> None:
    """Hold the only call there is against what the SDK gave its user."""
    (call,) = braid.story().calls
    assert call.outcome == "complete"
    assert [native(node) for node in call.content] == [
        block.model_dump(exclude_none=True) for block in content
    ]
    assert [node.text for node in call.shown["messages"]] == ["Rain?"]


def test_create(tmp_path: Path) -> None:
    with proxied(says(*SAID), tmp_path) as braid, braid.client() as client:
        raw = client.messages.with_raw_response.create(**ASK, system="Be brief.", tools=[TOOL])
        said = raw.parse()
        assert said.content[1].text == SAID[1]["text"]
        assert said._request_id == raw.headers["request-id"]
        assert raw.headers["x-braid-id"] == braid.story().braid
        assert raw.headers["x-braid-call"] == braid.story().calls[0].id
        recorded(braid, said.content)
        (asked,) = braid.provider.asked
        assert asked.headers["authorization"] == f"Bearer {API_KEY}"
        shown = braid.story().calls[0].shown
        assert [node.text for node in shown["system"]] == ["Be brief."]
        assert [node.value for node in shown["tools"]] == [TOOL]


def test_create_async(tmp_path: Path) -> None:
    async def program(braid: Proxied) -> Any:
        async with braid.async_client() as client:
            return (await client.messages.create(**ASK)).content

    with proxied(says(*SAID), tmp_path) as braid:
        recorded(braid, asyncio.run(program(braid)))


def test_create_with_stream(tmp_path: Path) -> None:
    with proxied(says(*SAID), tmp_path) as braid, braid.client() as client:
        with client.messages.create(**ASK, stream=True) as stream:
            kinds = [one.type for one in stream]
        assert kinds[0] == "message_start"
        assert kinds[-2:] == ["message_delta", "message_stop"]
        assert kinds.count("content_block_stop") == 2


def test_stream_helper(tmp_path: Path) -> None:
    with proxied(says(*SAID), tmp_path) as braid, braid.client() as client:
        with client.messages.stream(**ASK) as stream:
            assert "".join(stream.text_stream) == SAID[1]["text"]
            said = stream.get_final_message()
            assert stream.response.headers["x-braid-id"] == braid.story().braid
        recorded(braid, said.content)


def test_stream_helper_async(tmp_path: Path) -> None:
    async def program(braid: Proxied) -> Any:
        async with braid.async_client() as client, client.messages.stream(**ASK) as stream:
            assert "".join([piece async for piece in stream.text_stream]) == SAID[1]["text"]
            return (await stream.get_final_message()).content

    with proxied(says(*SAID), tmp_path) as braid:
        recorded(braid, asyncio.run(program(braid)))


def test_structured_output(tmp_path: Path) -> None:
    class Weather(pydantic.BaseModel):
        place: str
        rains: bool

    with proxied(says(text('{"place": "Bergen", "rains": true}')), tmp_path) as braid:
        with braid.client() as client:
            said = client.messages.parse(**ASK, output_format=Weather)
        assert said.parsed_output == Weather(place="Bergen", rains=True)
        (call,) = braid.story().calls
        assert call.params.value["parameters"]["output_config"]["format"]["type"] == "json_schema"
        assert [node.text for node in call.content] == ['{"place": "Bergen", "rains": true}']


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_tool_loop_by_hand_is_one_braid(tmp_path: Path, streamed: bool) -> None:
    def answering(asked: Asked) -> Reply:
        turn = len(asked.request["messages"]) // 2
        if turn == 3:
            return reply(asked, text("Rain everywhere."))
        calls = [tool_use("weather", {"place": place, "days": 1.0}) for place in "AB"[: turn + 1]]
        return reply(asked, thinking(f"Turn {turn}."), text("I will look."), *calls)

    messages: list[Any] = [{"role": "user", "content": "Rain?"}]
    with proxied(answering, tmp_path) as braid, braid.client() as client:
        for _ in range(4):
            ask = {**ASK, "messages": messages, "tools": [TOOL]}
            if streamed:
                with client.messages.stream(**ask) as stream:
                    said = stream.get_final_message()
            else:
                said = client.messages.create(**ask)
            messages.append({"role": "assistant", "content": said.content})
            results = [
                {"type": "tool_result", "tool_use_id": block.id, "content": "Rain."}
                for block in said.content
                if block.type == "tool_use"
            ]
            messages.append({"role": "user", "content": results})
        story = braid.story()
    assert [call.by for call in story.calls] == ["new", "prefix", "prefix", "prefix"]
    assert [call.history for call in story.calls] == [[], *[["continued"]] * 3]
    last = story.calls[-1]
    assert [node.kind for node in last.shown["messages"]] == [
        *["prompt", "thinking", "text", "tool_use", "tool_result"],
        *["thinking", "text", "tool_use", "tool_use", "tool_result", "tool_result"],
        *["thinking", "text", "tool_use", "tool_use", "tool_result", "tool_result"],
    ]
    origins = {node.kind: node.origin for node in last.shown["messages"]}
    assert origins == {
        **dict.fromkeys(("thinking", "text", "tool_use"), "provider"),
        **dict.fromkeys(("prompt", "tool_result"), "client"),
    }
    # What came back is named, not signed again: nothing stands twice.
    assert len({node.s for node in last.shown["messages"]}) == len(last.shown["messages"])
    assert sum(node.kind == "thinking" for node in story.nodes) == 3
    assert sum(node.kind == "tools" for node in story.nodes) == 1
    for node in story.nodes:
        if node.kind == "tool_result":
            (asked_by,) = [
                one for one in story.nodes if one.attrs.get("id") == node.attrs["tool_use_id"]
            ]
            assert asked_by.s in node.prev


ERRORS: list[tuple[int, str, type[anthropic.APIStatusError]]] = [
    (400, "invalid_request_error", anthropic.BadRequestError),
    (401, "authentication_error", anthropic.AuthenticationError),
    (403, "permission_error", anthropic.PermissionDeniedError),
    (404, "not_found_error", anthropic.NotFoundError),
    (413, "request_too_large", anthropic.APIStatusError),
    (429, "rate_limit_error", anthropic.RateLimitError),
    (500, "api_error", anthropic.InternalServerError),
    (529, "overloaded_error", anthropic.InternalServerError),
]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_errors_are_the_providers_own(tmp_path: Path, streamed: bool) -> None:
    def answering(asked: Asked) -> Reply:
        status, kind, _ = ERRORS[asked.number]
        return refuse(status, kind, "No.", {"error_code": "why"}, retry_after="17")

    with proxied(answering, tmp_path) as braid, braid.client() as client:
        caught = []
        for status, kind, raised in ERRORS:
            with pytest.raises(raised) as raising:
                client.messages.create(**ASK, stream=streamed)
            error = raising.value
            caught.append(error)
            assert (error.status_code, error.type) == (status, kind)
            assert error.response.headers["retry-after"] == "17"
            assert error.body == json.loads(error.response.content)
            assert error.request_id == error.response.headers["request-id"]
        stories = braid.stories()
    # An answer that failed is nothing to go on from.
    for error, story in zip(caught, stories, strict=True):
        (call,) = story.calls
        assert call.id == error.response.headers["x-braid-call"]
        assert call.outcome == "error"
        assert call.end is not None
        assert call.end.value["status"] == error.status_code
        assert call.end.value["request_id"] == error.request_id
        (node,) = call.answer
        assert (node.kind, node.content) == ("other", error.response.content)


def test_an_error_in_mid_stream_is_raised_and_recorded(tmp_path: Path) -> None:
    def answering(asked: Asked) -> Reply:
        whole = reply(asked, text("It rains cats and dogs."))
        begun = whole.body.partition(b"event: content_block_stop")[0]
        error = {"type": "error", "error": {"type": "overloaded_error", "message": "Busy."}}
        return Reply(begun + event(error), headers=whole.headers)

    with proxied(answering, tmp_path) as braid, braid.client() as client:
        heard: list[str] = []
        with (
            pytest.raises(anthropic.APIStatusError) as caught,
            client.messages.stream(**ASK) as stream,
        ):
            heard.extend(stream.text_stream)
        assert caught.value.status_code == 200
        assert caught.value.type == "overloaded_error"
        (call,) = braid.story().calls
    assert call.outcome == "error"
    said, error = call.answer
    if said.kind == "other":
        said, error = error, said
    assert (said.kind, said.attrs["cut"]) == ("text", True)
    assert said.text == "It rains cats and dogs." == "".join(heard)
    assert error.value["error"]["type"] == "overloaded_error"


def test_a_retry_is_a_call_about_the_first(tmp_path: Path) -> None:
    def busy(asked: Asked) -> Reply:
        return refuse(529, "overloaded_error", "Busy.", retry_after_ms="1")

    answering = in_turn(busy, busy, says(text("It rains.")), busy, says(text("It still rains.")))
    with proxied(answering, tmp_path) as braid, braid.client(retries=3) as client:
        assert client.messages.create(**ASK).content[0].text == "It rains."
        counts = [one.headers["x-stainless-retry-count"] for one in braid.provider.asked]
        assert counts == ["0", "1", "2"]
        first, second, third = braid.story().calls
        client.messages.create(**ASK)
        stories = braid.stories()
    assert [call.outcome for call in (first, second, third)] == ["error", "error", "complete"]
    assert [call.by for call in (first, second, third)] == ["new", "retry", "retry"]
    assert [call.node.about for call in (first, second, third)] == [[], *[[first.node.s]] * 2]
    assert second.shown == third.shown == first.shown
    # The same words asked again are no retry, but another conversation.
    assert [len(story.calls) for story in stories] == [3, 2]
    later, again = stories[1].calls
    assert (later.by, later.node.about) == ("new", [])
    assert (again.by, again.node.about) == ("retry", [later.node.s])


def test_a_retried_turn_goes_on_from_the_answer_that_came(tmp_path: Path) -> None:
    def busy(asked: Asked) -> Reply:
        return refuse(529, "overloaded_error", "Busy.", retry_after_ms="1")

    answering = in_turn(busy, says(text("It rains.")), busy, says(text("Tomorrow too.")))
    with proxied(answering, tmp_path) as braid, braid.client(retries=1) as client:
        said = client.messages.create(**ASK)
        more = [
            *ASK["messages"],
            {"role": "assistant", "content": said.content},
            {"role": "user", "content": "And tomorrow?"},
        ]
        client.messages.create(**{**ASK, "messages": more})
        calls = braid.story().calls
    assert [call.by for call in calls] == ["new", "retry", "prefix", "retry"]
    assert calls[3].node.about == [calls[2].node.s]
    assert calls[3].shown == calls[2].shown


def test_what_is_not_generation_is_relayed_and_not_recorded(tmp_path: Path) -> None:
    models = {
        "data": [
            {
                "type": "model",
                "id": MODEL,
                "display_name": "S",
                "created_at": "2026-01-01T00:00:00Z",
            }
        ],
        "has_more": False,
        "first_id": None,
        "last_id": None,
    }

    def answering(asked: Asked) -> Reply:
        known = {
            "/v1/messages/count_tokens": {"input_tokens": 42},
            "/v1/models": models,
            f"/v1/models/{MODEL}": models["data"][0],  # type: ignore[index]
        }
        body = json.dumps(known[asked.path.partition("?")[0]]).encode()
        return Reply(body, headers={"content-type": "application/json"})

    with proxied(answering, tmp_path) as braid, braid.client() as client:
        counted = client.messages.with_raw_response.count_tokens(
            model=MODEL, messages=ASK["messages"]
        )
        assert counted.parse().input_tokens == 42
        listed = client.models.with_raw_response.list()
        assert [one.id for one in listed.parse().data] == [MODEL]
        got = client.models.with_raw_response.retrieve(MODEL)
        assert got.parse().id == MODEL
        for raw in (counted, listed, got):
            assert not [name for name in raw.headers if name.startswith("x-braid-")]
        assert braid.braids() == []


def test_a_message_that_says_more_than_is_known_is_kept_whole(tmp_path: Path) -> None:
    strange = {"type": "hologram", "frames": [1.50, None], "words": "ünïcode"}
    answering = in_turn(says(text("See:"), strange, container={"id": "c_1"}), says(text("Seen.")))
    with proxied(answering, tmp_path) as braid, braid.client() as client:
        said = client.messages.create(**ASK)
        more = [
            *ASK["messages"],
            {"role": "assistant", "content": said.content},
            {"role": "user", "content": "Show it again."},
        ]
        client.messages.create(**{**ASK, "messages": more})
        first, second = braid.story().calls
    hologram = first.content[1]
    assert (hologram.kind, hologram.value) == ("other", strange)
    assert first.answer[-1].value == {"container": {"id": "c_1"}}
    assert second.history == ["continued"]
    assert hologram.s in [node.s for node in second.shown["messages"]]
