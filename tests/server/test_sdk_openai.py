"""Unmodified programs of OpenAI's SDK, and of servers that speak like it, leave a record."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import openai as sdk
import pydantic
import pytest

from fakes.openai import (
    MODEL,
    answered,
    chat,
    error,
    function_call,
    message,
    reasoning,
    response,
    tool_call,
)
from fakes.provider import Answering, Asked, Json, Reply, fresh
from fakes.proxied import API_KEY, Proxied, proxied
from fakes.story import Call, Story

ASK: Any = {"model": MODEL, "messages": [{"role": "user", "content": "Rain?"}]}
SAID = "It rains in Bergen – always."
WEATHER: Any = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}
TOOL: Any = {"type": "function", "name": "weather", "parameters": {"type": "object"}}


def in_turn(*answers: Answering) -> Answering:
    """Answer in the order of arrival, the last answer for every further request."""
    return lambda asked: answers[min(asked.number, len(answers) - 1)](asked)


def told(call: Call) -> list[tuple[str, str]]:
    """What an answer said, without what stands beside it."""
    return [(node.kind, node.text) for node in call.answer if node.kind != "other"]


def shown(call: Call) -> list[tuple[str, str, str]]:
    return [(node.kind, node.origin, node.text) for node in call.shown["messages"]]


class TestChat:
    def test_create(self, tmp_path: Path) -> None:
        def says(asked: Asked) -> Reply:
            return chat(asked, {"content": SAID})

        with proxied(says, tmp_path) as braid, braid.openai() as client:
            asking = [{"role": "system", "content": "Be brief."}, *ASK["messages"]]
            raw = client.chat.completions.with_raw_response.create(
                model=MODEL, messages=asking, tools=[WEATHER]
            )
            assert raw.parse().choices[0].message.content == SAID
            (call,) = braid.story().calls
            assert raw.headers["x-braid-call"] == call.id
            assert raw.headers["x-braid-id"] == braid.story().braid
            (asked,) = braid.provider.asked
            assert (asked.path, asked.headers["authorization"]) == (
                "/v1/chat/completions",
                f"Bearer {API_KEY}",
            )
        assert (call.outcome, told(call)) == ("complete", [("text", SAID)])
        assert [node.text for node in call.shown["system"]] == ["Be brief."]
        assert [node.value for node in call.shown["tools"]] == [WEATHER]
        assert call.params.value["path"] == "/v1/chat/completions"
        assert call.end is not None and call.end.value["stop_reason"] == "stop"
        assert call.end.value["request_id"] == asked_id(raw)
        assert call.end.value["usage"]["total_tokens"] == 12

    def test_create_async_under_the_mount(self, tmp_path: Path) -> None:
        async def program(braid: Proxied) -> Any:
            async with braid.async_openai() as client:
                return await client.chat.completions.create(**ASK)

        with proxied(lambda asked: chat(asked, {"content": SAID}), tmp_path) as braid:
            assert asyncio.run(program(braid)).choices[0].message.content == SAID
            (call,) = braid.story().calls
            assert braid.provider.asked[0].path == "/v1/chat/completions"
        assert told(call) == [("text", SAID)]

    def test_stream_and_the_helper_say_what_create_says(self, tmp_path: Path) -> None:
        def says(asked: Asked) -> Reply:
            return chat(asked, {"content": SAID, "tool_calls": [dict(CALL)]})

        CALL = tool_call("weather", '{"place": "Bergen", "n": 1.10}')
        with proxied(says, tmp_path) as braid, braid.openai() as client:
            client.chat.completions.create(**ASK)
            pieces = list(client.chat.completions.create(**ASK, stream=True))
            with client.chat.completions.stream(**ASK, tools=[WEATHER]) as stream:
                for _ in stream:
                    pass
                final = stream.get_final_completion()
            calls = [call for story in braid.stories() for call in story.calls]
        assert "".join(one.choices[0].delta.content or "" for one in pieces) == SAID
        assert (final.choices[0].message.tool_calls or [])[0].function.arguments == (
            '{"place": "Bergen", "n": 1.10}'
        )
        expected = [("text", SAID), ("tool_use", '{"place": "Bergen", "n": 1.10}')]
        assert [told(call) for call in calls] == [expected] * 3
        assert [call.answer[1].attrs["id"] for call in calls] == [CALL["id"]] * 3

    def test_async_stream(self, tmp_path: Path) -> None:
        async def program(braid: Proxied) -> str:
            async with braid.async_openai() as client:
                stream = await client.chat.completions.create(
                    **ASK, stream=True, stream_options={"include_usage": True}
                )
                return "".join(
                    [one.choices[0].delta.content or "" async for one in stream if one.choices]
                )

        with proxied(lambda asked: chat(asked, {"content": SAID}), tmp_path) as braid:
            assert asyncio.run(program(braid)) == SAID
            (call,) = braid.story().calls
        assert call.end is not None and call.end.value["usage"]["total_tokens"] == 12

    def test_structured_output(self, tmp_path: Path) -> None:
        class Weather(pydantic.BaseModel):
            rains: bool

        with proxied(lambda asked: chat(asked, {"content": '{"rains":true}'}), tmp_path) as braid:
            with braid.openai() as client:
                said = client.chat.completions.parse(**ASK, response_format=Weather)
            (call,) = braid.story().calls
        assert said.choices[0].message.parsed == Weather(rains=True)
        assert "json_schema" in json.dumps(call.params.value["parameters"]["response_format"])

    @pytest.mark.parametrize("stream", [False, True])
    def test_tool_loop_stays_on_one_braid(self, tmp_path: Path, stream: bool) -> None:
        first = {"tool_calls": [tool_call("weather", '{"place":"Bergen"}') for _ in range(2)]}
        says = in_turn(lambda a: chat(a, first), lambda a: chat(a, {"content": SAID}))
        with proxied(says, tmp_path) as braid, braid.openai() as client:
            messages: list[Any] = list(ASK["messages"])
            said: Any
            for _ in range(3):
                if stream:
                    with client.chat.completions.stream(
                        model=MODEL, messages=messages, tools=[WEATHER]
                    ) as events:
                        said = events.get_final_completion().choices[0].message
                else:
                    said = (
                        client.chat.completions.create(
                            model=MODEL, messages=messages, tools=[WEATHER]
                        )
                        .choices[0]
                        .message
                    )
                messages.append(said)
                for call in said.tool_calls or ():
                    messages.append({"role": "tool", "tool_call_id": call.id, "content": "rain"})
                if not said.tool_calls:
                    messages.append({"role": "user", "content": "And tomorrow?"})
            one, two, three = braid.story().calls
            story = braid.story()
        assert [call.by for call in (one, two, three)] == ["new", "prefix", "prefix"]
        assert [call.history for call in (two, three)] == [["continued"]] * 2
        uses = [node for node in one.answer if node.kind == "tool_use"]
        results = [node for node in two.shown["messages"] if node.kind == "tool_result"]
        assert [node.prev[-1] for node in results] == [node.s for node in uses]
        assert [node.s for node in two.shown["messages"]][1:3] == [node.s for node in uses]
        assert shown(three)[-2:] == [
            ("text", "provider", SAID),
            ("prompt", "client", "And tomorrow?"),
        ]
        assert len(story.calls) == 3

    @pytest.mark.parametrize("stream", [False, True])
    def test_several_choices_are_strands(self, tmp_path: Path, stream: bool) -> None:
        words = ["Yes, as ever.", "No."]
        says = in_turn(
            lambda a: chat(a, *({"content": each} for each in words)),
            lambda a: chat(a, {"content": "Umbrella."}),
        )
        with proxied(says, tmp_path) as braid, braid.openai() as client:
            if stream:
                pieces = list(client.chat.completions.create(**ASK, n=2, stream=True))
                assert {choice.index for one in pieces for choice in one.choices} == {0, 1}
            else:
                client.chat.completions.create(**ASK, n=2)
            # Each of them can be gone on with.
            for each in reversed(words):
                turn = [*ASK["messages"], {"role": "assistant", "content": each},
                        {"role": "user", "content": "So?"}]  # fmt: skip
                client.chat.completions.create(model=MODEL, messages=turn)
            asked, *later = braid.story().calls
        first, second = (node for node in asked.answer if node.kind == "text")
        if second.text == words[0]:
            first, second = second, first
        assert [first.text, second.text] == words
        assert [first.prev, second.prev] == [[asked.node.s]] * 2
        assert ("candidate" in first.attrs, second.attrs["candidate"]) == (False, 1)
        assert asked.end is not None
        beside = asked.answer[-1]
        tails = [beside.s if beside.prev == [first.s] else first.s, second.s]
        assert asked.end.prev == tails
        for call, known in zip(later, (second, first), strict=True):
            # Whoever goes on from another choice is on a branch of its own.
            assert (call.by, call.history[0]) == ("prefix", "continued")
            assert set(call.history) <= {"continued", "forked"}
            assert call.shown["messages"][1].s == known.s

    @pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
    @pytest.mark.parametrize("stream", [False, True])
    def test_reasoning_of_servers_that_speak_like_it(
        self, tmp_path: Path, name: str, stream: bool
    ) -> None:
        """vLLM and Ollama put reasoning beside the content, and clients send it back or not."""
        says = in_turn(
            lambda a: chat(a, {name: "They ask about rain.", "content": SAID}),
            lambda a: chat(a, {"content": "Take it."}),
        )
        with proxied(says, tmp_path) as braid, braid.openai() as client:
            if stream:
                list(client.chat.completions.create(**ASK, stream=True))
            else:
                client.chat.completions.create(**ASK)
            for kept in ({name: "They ask about rain."}, {}):
                turn = [*ASK["messages"], {"role": "assistant", "content": SAID, **kept},
                        {"role": "user", "content": "Umbrella?"}]  # fmt: skip
                client.chat.completions.create(model=MODEL, messages=turn)
            one, two, three = braid.story().calls
        assert told(one) == [("thinking", "They ask about rain."), ("text", SAID)]
        assert one.answer[0].attrs["type"] == name
        assert (two.history, three.history) == (
            ["continued"],
            ["continued", "elided", "forked"],
        )

    def test_an_echo_is_never_the_providers(self, tmp_path: Path) -> None:
        """vLLM with `echo` begins its text with the prompt, and may list the prompt's tokens."""

        def says(asked: Asked) -> Reply:
            words = "Never forget:" + SAID
            return chat(asked, {"content": words}, prompt_token_ids=[1, 2], prompt="Rain?")

        ask: Any = {
            "model": MODEL,
            "messages": [*ASK["messages"], {"role": "assistant", "content": "Never forget:"}],
        }
        with proxied(says, tmp_path) as braid, braid.openai() as client:
            client.chat.completions.create(**ask, extra_body={"echo": True})
            story = braid.story()
        (call,) = story.calls
        assert told(call) == [("text", SAID)]
        assert call.answer[0].attrs["echoed"] == len("Never forget:")
        (echo,) = [node for node in story.nodes if node.attrs.get("type") == "echo"]
        assert (echo.kind, echo.origin, echo.prev) == ("other", "client", [call.node.s])
        assert echo.value == {"prompt_token_ids": [1, 2], "prompt": "Rain?"}
        assert call.end is not None and echo.s not in call.end.prev

    def test_errors_pass_and_are_recorded(self, tmp_path: Path) -> None:
        says = in_turn(
            lambda a: error(429, "slow down", "rate_limit", retry_after_ms="1"),
            lambda a: chat(a, {"content": SAID}),
        )
        with proxied(says, tmp_path) as braid, braid.openai(retries=1) as client:
            assert client.chat.completions.create(**ASK).choices[0].message.content == SAID
            refused, again = braid.story().calls
        assert (refused.outcome, again.outcome) == ("error", "complete")
        assert (again.by, again.node.about) == ("retry", [refused.node.s])

        with (
            proxied(lambda a: error(401, "no key"), tmp_path / "b") as braid,
            braid.openai() as client,
            pytest.raises(sdk.AuthenticationError, match="no key"),
        ):
            client.chat.completions.create(**ASK)


def asked_id(raw: Any) -> str:
    return str(raw.headers["x-request-id"])


class TestResponses:
    @pytest.mark.parametrize("stream", [False, True])
    def test_resent_history_stays_on_one_braid(self, tmp_path: Path, stream: bool) -> None:
        first = [reasoning("They ask."), message("Let me look."), function_call("weather", "{ }")]
        says = in_turn(lambda a: response(a, *first), lambda a: response(a, message(SAID)))
        with proxied(says, tmp_path) as braid, braid.openai() as client:
            history: list[Any] = [{"role": "user", "content": "Rain?"}]
            for _ in range(2):
                ask: Any = {"model": MODEL, "input": history, "tools": [TOOL], "store": False,
                            "instructions": "Be brief."}  # fmt: skip
                if stream:
                    with client.responses.stream(**ask) as events:
                        for _ in events:
                            pass
                        said = events.get_final_response()
                else:
                    said = client.responses.create(**ask)
                history += said.output
                history += [
                    {"type": "function_call_output", "call_id": item.call_id, "output": "rain"}
                    for item in said.output
                    if item.type == "function_call"
                ]
            one, two = braid.story().calls
            story = braid.story()
        assert told(one) == [
            ("thinking", "They ask."),
            ("text", "Let me look."),
            ("tool_use", "{ }"),
        ]
        # The seal is the one that came with the whole item.
        assert one.answer[0].attrs["signature"] == "gAAAsealed"
        assert (two.by, two.history) == ("prefix", ["continued"])
        known = [node.s for node in one.answer if node.kind != "other"]
        assert [node.s for node in two.shown["messages"]][1:4] == known
        result = two.shown["messages"][4]
        assert result.prev == [one.end.s if one.end else "", known[2]]
        echoes = [node for node in story.nodes if node.attrs.get("type") == "echo"]
        assert len(echoes) == 2
        assert {echo.origin for echo in echoes} == {"client"}
        assert echoes[0].value["instructions"] == "Be brief."

    def test_previous_response_id(self, tmp_path: Path) -> None:
        says = in_turn(
            lambda a: response(a, message(SAID)),
            lambda a: response(a, message("Take it.")),
            lambda a: response(a, message("Bye.")),
        )
        with proxied(says, tmp_path) as braid, braid.openai() as client:
            first = client.responses.create(model=MODEL, input="Rain?", instructions="Be brief.")
            second = client.responses.create(
                model=MODEL, input="Umbrella?", previous_response_id=first.id
            )
            # Once more from the first: a branch.
            client.responses.create(model=MODEL, input="Snow?", previous_response_id=first.id)
            # And what nobody here has seen.
            client.responses.create(model=MODEL, input="Hm?", previous_response_id="resp_x")
            story, strange = braid.stories()
        _, two, three = story.calls
        assert [call.by for call in (two, three)] == ["thread", "thread"]
        before = [("prompt", "client", "Rain?"), ("text", "provider", SAID)]
        assert shown(two) == [*before, ("prompt", "client", "Umbrella?")]
        assert shown(three) == [*before, ("prompt", "client", "Snow?")]
        # The instructions of an earlier answer do not carry over, and the record says so.
        assert two.shown["system"] == [] and "system_changed" in two.history
        assert "partial" not in two.node.value["context"]
        assert two.end is not None and two.end.attrs["id"] == second.id
        (lone,) = strange.calls
        assert lone.by == "new" and lone.node.value["context"]["partial"] is True
        assert [node.kind for node in lone.shown["messages"]] == ["other", "prompt"]

    def test_a_conversation_kept_by_the_provider(self, tmp_path: Path) -> None:
        kept = {"id": "conv_1"}
        words = iter(["One.", "Two.", "Three."])

        def says(asked: Asked) -> Reply:
            return response(asked, message(next(words)), conversation=kept)

        with proxied(says, tmp_path) as braid, braid.openai() as client:
            for each in ("a", "b", "c"):
                client.responses.create(model=MODEL, input=each, conversation="conv_1")
            one, two, three = braid.story().calls
        # Others may have added to it before, so nothing is claimed to be all.
        assert all(call.node.value["context"]["partial"] for call in (one, two, three))
        assert [text for _, _, text in shown(three)[1:]] == ["a", "One.", "b", "Two.", "c"]
        assert (two.by, three.by) == ("thread", "thread")

    def test_history_resent_beside_its_id(self, tmp_path: Path) -> None:
        says = in_turn(
            lambda a: response(a, message(SAID)), lambda a: response(a, message("Take it."))
        )
        with proxied(says, tmp_path) as braid, braid.openai() as client:
            first = client.responses.create(model=MODEL, input="Rain?")
            again: list[Any] = [
                {"role": "user", "content": "Rain?"},
                *first.output,
                {"role": "user", "content": "Umbrella?"},
            ]
            client.responses.create(model=MODEL, previous_response_id=first.id, input=again)
            one, two = braid.story().calls
        known = [one.shown["messages"][0].s, one.answer[0].s]
        # The model is shown both, and both are the same nodes.
        assert [node.s for node in two.shown["messages"]][:4] == known * 2
        assert (two.by, two.history) == ("thread", ["continued"])

    @pytest.mark.parametrize("polls", [1, 3])
    def test_background_polling(self, tmp_path: Path, polls: int) -> None:
        thought, said = reasoning("They ask."), message(SAID)
        name = fresh("resp")

        def says(asked: Asked) -> Reply:
            def again(status: str, *output: Json) -> Reply:
                body = answered(asked, *output, id=name, status=status, background=True)
                return Reply(
                    json.dumps(body).encode(), headers={"content-type": "application/json"}
                )

            if asked.method == "POST" and asked.number == 0:
                return again("queued")
            if asked.method == "POST":
                return response(asked, message("Bye."))
            assert asked.path == f"/v1/responses/{name}"
            if asked.number < polls:
                return again("in_progress", thought)
            # The provider seals its reasoning anew each time.
            return again("completed", {**thought, "encrypted_content": "gAAAanew"}, said)

        with proxied(says, tmp_path) as braid, braid.openai() as client:
            answer = client.responses.create(model=MODEL, input="Rain?", background=True)
            while answer.status in ("queued", "in_progress"):
                answer = client.responses.retrieve(answer.id)
            client.responses.retrieve(answer.id)
            client.responses.create(model=MODEL, input="Bye.", previous_response_id=answer.id)
            first, *asked_again, later = braid.story().calls
        assert len(asked_again) == polls + 1
        assert {call.by for call in asked_again} == {"thread"}
        assert all(call.node.about == [first.node.s] for call in asked_again)
        ends = [call.end.s for call in (first, *asked_again) if call.end]
        assert [call.node.prev[0] for call in asked_again] == ends[:-1]
        words = [each for call in (first, *asked_again) for each in told(call)]
        assert words == [("thinking", "They ask."), ("text", SAID)]
        assert [kind for kind, _, _ in shown(later)] == ["prompt", "thinking", "text", "prompt"]

    def test_a_background_stream_that_broke_off_is_polled(self, tmp_path: Path) -> None:
        said, name = message(SAID), fresh("resp")

        def says(asked: Asked) -> Reply:
            if asked.method == "GET":
                body = answered(asked, said, id=name)
                return Reply(
                    json.dumps(body).encode(), headers={"content-type": "application/json"}
                )
            whole = response(asked, said, id=name)
            if asked.number:
                return response(asked, message("Bye."))
            cut = whole.body.index(b"response.output_text.done") - len(b"event: ")
            return Reply(whole.body[:cut], headers=whole.headers)

        with proxied(says, tmp_path) as braid, braid.openai() as client:
            list(client.responses.create(model=MODEL, input="Rain?", background=True, stream=True))
            assert client.responses.retrieve(name).output_text == SAID
            client.responses.create(model=MODEL, input="Bye.", previous_response_id=name)
            first, again, later = braid.story().calls
        assert (first.outcome, again.outcome) == ("upstream_cut", "complete")
        assert first.answer[0].attrs["cut"] is True
        assert told(again) == [("text", SAID)]
        # What broke off is in the record, and no part of what went on.
        assert [node.s for node in later.shown["messages"]][1:2] == [again.answer[0].s]
        assert [kind for kind, _, _ in shown(later)] == ["prompt", "text", "prompt"]

    def test_a_poll_of_what_nobody_asked_here(self, tmp_path: Path) -> None:
        def says(asked: Asked) -> Reply:
            body = answered(asked, message(SAID), id="resp_x")
            return Reply(json.dumps(body).encode(), headers={"content-type": "application/json"})

        with proxied(says, tmp_path) as braid, braid.openai() as client:
            assert client.responses.retrieve("resp_x").output_text == SAID
            client.responses.delete("resp_x")
            (call,) = braid.story().calls
            assert [one.method for one in braid.provider.asked] == ["GET", "DELETE"]
        assert (call.by, call.node.value["context"]["partial"]) == ("new", True)
        assert call.params.value["path"] == "/v1/responses/resp_x"

    def test_async_stream_and_errors_in_it(self, tmp_path: Path) -> None:
        failed = {"code": "server_error", "message": "broke"}
        says = in_turn(
            lambda a: response(a, message(SAID)),
            lambda a: response(a, message("Ha"), status="failed", error=failed),
        )

        async def program(braid: Proxied) -> list[str]:
            async with braid.async_openai() as client:
                kinds: list[str] = []
                for _ in range(2):
                    stream = await client.responses.create(model=MODEL, input="Rain?", stream=True)
                    kinds.append([event.type async for event in stream][-1])
                return kinds

        with proxied(says, tmp_path) as braid:
            kinds = asyncio.run(program(braid))
            calls = [call for story in braid.stories() for call in story.calls]
        assert kinds == ["response.completed", "response.failed"]
        assert [call.outcome for call in calls] == ["complete", "error"]

    def test_a_refusal_a_custom_tool_and_an_image(self, tmp_path: Path) -> None:
        refused = {**message(""), "content": [{"type": "refusal", "refusal": "No."}]}
        custom = {"id": fresh("ctc"), "type": "custom_tool_call", "call_id": fresh("call"),
                  "name": "sh", "input": "rm -rf /\n"}  # fmt: skip
        image = {"id": fresh("ig"), "type": "image_generation_call", "status": "completed",
                 "result": "iVBORw0KGgo=", "output_format": "png"}  # fmt: skip
        strange = {"id": "zz_1", "type": "zebra", "stripes": 7}
        with proxied(lambda a: response(a, refused, custom, image, strange), tmp_path) as braid:
            with braid.openai() as client:
                client.responses.create(model=MODEL, input="?")
            (call,) = braid.story().calls
        kinds = [(node.kind, node.header["media"]) for node in call.answer[:4]]
        assert kinds == [
            ("text", "text/plain"),
            ("tool_use", "text/plain"),
            ("media", "image/png"),
            ("other", "application/json"),
        ]
        assert call.answer[1].text == "rm -rf /\n"
        assert call.answer[2].content == b"\x89PNG\r\n\x1a\n"
        assert call.answer[3].value == strange


def test_nothing_secret_is_kept(tmp_path: Path) -> None:
    with proxied(lambda a: response(a, message(SAID)), tmp_path) as braid:
        with braid.openai() as client:
            client.responses.create(
                model=MODEL,
                input="Rain?",
                tools=[{"type": "mcp", "server_label": "x", "server_url": "https://u:SECRET-1@h/?k=SECRET-2",
                        "authorization": "SECRET-3"}],
                extra_query={"api-version": "2026-01-01", "key": "SECRET-4"},
                extra_headers={"openai-organization": "SECRET-5"},
            )  # fmt: skip
        (call,) = braid.story().calls
        assert call.params.value["query"] == "api-version=2026-01-01"
        transcript = braid.get(f"/braid/v1/braids/{braid.story().braid}")
        assert b"SECRET" in braid.provider.asked[0].body
        files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for kept in (transcript, *files):
        assert b"SECRET" not in kept and API_KEY.encode() not in kept


def test_two_providers_in_one_conversation(tmp_path: Path) -> None:
    """A program that hands a conversation from one provider to another stays on its braid."""

    def says(asked: Asked) -> Reply:
        if asked.path.startswith("/v1/chat"):
            return chat(asked, {"content": SAID})
        return response(asked, message("Take it."))

    with proxied(says, tmp_path) as braid, braid.openai() as client:
        client.chat.completions.create(**ASK)
        turn: Any = [*ASK["messages"], {"role": "assistant", "content": SAID},
                     {"role": "user", "content": "Umbrella?"}]  # fmt: skip
        client.responses.create(model=MODEL, input=turn)
        one, two = Story(braid.get(f"/braid/v1/braids/{braid.story().braid}")).calls
    assert (two.by, two.history) == ("prefix", ["continued"])
    assert two.shown["messages"][1].s == one.answer[0].s
