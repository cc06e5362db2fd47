"""Unmodified programs of Google's SDK leave a record: the Interactions API."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from fakes.gemini import (
    MODEL,
    SEALED,
    error,
    interacted,
    interaction,
    output,
    pondered,
    step_call,
)
from fakes.provider import Answering, Asked, Json, Reply, fresh
from fakes.proxied import Proxied, proxied
from fakes.story import Call

SAID = "It rains in Bergen – always."
TOOL: Any = {"type": "function", "name": "weather", "parameters": {"type": "object"}}
pytestmark = [
    pytest.mark.filterwarnings("ignore:Inheritance class Aiohttp:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*nteractions.*experimental"),
]


def in_turn(*answers: Answering) -> Answering:
    """Answer in the order of arrival, the last answer for every further request."""
    return lambda asked: answers[min(asked.number, len(answers) - 1)](asked)


def told(call: Call) -> list[tuple[str, str]]:
    return [(node.kind, node.text) for node in call.answer if node.kind != "other"]


def shown(call: Call) -> list[tuple[str, str, str]]:
    return [(node.kind, node.origin, node.text) for node in call.shown["messages"]]


BEFORE = [
    ("prompt", "client", "Rain?"),
    ("thinking", "provider", "They ask."),
    ("text", "provider", SAID),
]


class TestOnce:
    def test_whole(self, tmp_path: Path) -> None:
        with (
            proxied(
                lambda a: interaction(a, pondered("They ask."), output(SAID)), tmp_path
            ) as braid,
            braid.gemini() as client,
        ):
            said: Any = client.interactions.create(
                model=MODEL,
                input="Rain?",
                system_instruction="Be brief.",
                tools=[TOOL],
                generation_config={"temperature": 0.5},
            )
            story = braid.story()
            (call,) = story.calls
            (asked,) = braid.provider.asked
        assert asked.path.partition("?")[0] == call.params.value["path"]
        assert asked.path.partition("?")[0].endswith("/interactions")
        assert told(call) == [("thinking", "They ask."), ("text", SAID)]
        assert call.answer[0].attrs["signature"] == SEALED
        assert [node.text for node in call.shown["system"]] == ["Be brief."]
        assert [node.value for node in call.shown["tools"]] == [TOOL]
        assert shown(call) == [("prompt", "client", "Rain?")]
        assert call.params.value["parameters"]["generation_config"] == {"temperature": 0.5}
        assert call.end is not None
        assert (call.outcome, call.end.value["stop_reason"]) == ("complete", "completed")
        assert (call.end.attrs["id"], call.end.value["usage"]["total_tokens"]) == (said.id, 12)

    @pytest.mark.parametrize("how", ["sync", "async"])
    def test_a_stream_says_what_is_said_whole(self, tmp_path: Path, how: str) -> None:
        steps = [
            pondered("They ask."),
            output(SAID),
            step_call("weather", {"place": "Bergen", "n": 7}, "call_1"),
            {"type": "google_search_call", "id": "s_1", "arguments": {"queries": ["rain"]},
             "signature": SEALED},
            {"type": "google_search_result", "call_id": "s_1", "result": [{"title": "Rain"}],
             "signature": SEALED},
        ]  # fmt: skip

        async def later(braid: Proxied) -> list[str | None]:
            client = braid.gemini()
            stream: Any = await client.aio.interactions.create(
                model=MODEL, input="Rain?", stream=True
            )
            kinds = [event.event_type async for event in stream]
            await client.aio.aclose()
            return kinds

        with proxied(lambda a: interaction(a, *steps), tmp_path) as braid:
            with braid.gemini() as client:
                client.interactions.create(model=MODEL, input="Rain?")
                if how == "sync":
                    stream: Any = client.interactions.create(
                        model=MODEL, input="Rain?", stream=True
                    )
                    kinds: list[str | None] = [event.event_type for event in stream]
                else:
                    kinds = asyncio.run(later(braid))
            whole, streamed = (call for story in braid.stories() for call in story.calls)
        assert kinds[0] == "interaction.created"
        assert "interaction.completed" in kinds

        def tell(call: Call) -> list[Any]:
            own = ("id", "name", "signature", "type", "tool_use_id", "index")
            return [
                (
                    node.kind,
                    node.value if node.header["media"] == "application/json" else node.text,
                    {name: node.attrs.get(name) for name in own},
                )
                for node in call.content
            ]

        assert [node.kind for node in whole.content] == [
            "thinking", "text", "tool_use", "tool_use", "tool_result"]  # fmt: skip
        assert tell(streamed) == tell(whole)
        assert streamed.outcome == whole.outcome == "complete"


class TestGoingOn:
    @pytest.mark.parametrize("stream", [False, True])
    def test_previous_interaction_id(self, tmp_path: Path, stream: bool) -> None:
        says = in_turn(
            lambda a: interaction(a, pondered("They ask."), output(SAID)),
            lambda a: interaction(a, output("Take it.")),
        )
        with proxied(says, tmp_path) as braid, braid.gemini() as client:
            first = self.ask(client, stream, input="Rain?", system_instruction="Be brief.")
            second = self.ask(client, stream, input="Umbrella?", previous_interaction_id=first)
            self.ask(client, stream, input="Bye.", previous_interaction_id=second)
            # Once more from the first: a branch. And what nobody here has seen.
            self.ask(client, stream, input="Snow?", previous_interaction_id=first)
            self.ask(client, stream, input="Hm?", previous_interaction_id="v1_elsewhere")
            story, strange = braid.stories()
        _, two, three, four = story.calls
        assert [call.by for call in (two, three, four)] == ["thread"] * 3
        assert shown(two) == [*BEFORE, ("prompt", "client", "Umbrella?")]
        assert shown(three) == [*shown(two), ("text", "provider", "Take it."),
                                ("prompt", "client", "Bye.")]  # fmt: skip
        assert shown(four) == [*BEFORE, ("prompt", "client", "Snow?")]
        for call in (two, three, four):
            assert "partial" not in call.node.value["context"]
            assert call.history[0] == "continued"
        (lone,) = strange.calls
        assert lone.by == "new" and lone.node.value["context"]["partial"] is True

    def ask(self, client: Any, stream: bool, **asking: Any) -> str:
        if not stream:
            return str(client.interactions.create(model=MODEL, **asking).id)
        events = list(client.interactions.create(model=MODEL, stream=True, **asking))
        return str(next(event.interaction.id for event in events if hasattr(event, "interaction")))

    @pytest.mark.parametrize("resent", ["history", "by id"])
    def test_functions(self, tmp_path: Path, resent: str) -> None:
        calls = [step_call("weather", {"place": place}) for place in ("Bergen", "Oslo")]
        says = in_turn(
            lambda a: interaction(a, pondered("They ask."), *calls, status="requires_action"),
            lambda a: interaction(a, output(SAID)),
            lambda a: interaction(a, output("Bye.")),
        )
        with proxied(says, tmp_path) as braid, braid.gemini() as client:
            said: Any = client.interactions.create(
                model=MODEL, input="Rain?", tools=[TOOL], store=resent == "by id"
            )
            assert said.status == "requires_action"
            results = [
                {"type": "function_result", "call_id": one["id"], "name": "weather",
                 "result": [{"type": "text", "text": "Rain."}]}
                for one in reversed(calls)
            ]  # fmt: skip
            if resent == "by id":
                client.interactions.create(
                    model=MODEL, previous_interaction_id=said.id, input=results, tools=[TOOL]
                )
            else:
                history: list[Any] = [
                    {"type": "user_input", "content": [{"type": "text", "text": "Rain?"}]},
                    *(said.steps or ()),
                    *results,
                ]
                client.interactions.create(model=MODEL, input=history, tools=[TOOL], store=False)
            one, two = braid.story().calls
        assert (two.by, two.history) == (
            ("thread" if resent == "by id" else "prefix"), ["continued"])  # fmt: skip
        assert [kind for kind, _, _ in shown(two)] == [
            "prompt", "thinking", "tool_use", "tool_use", "tool_result", "tool_result"]  # fmt: skip
        uses = [node.s for node in one.answer if node.kind == "tool_use"]
        given = [node for node in two.shown["messages"] if node.kind == "tool_result"]
        assert [node.prev[-1] for node in given] == list(reversed(uses))
        assert [node.s for node in two.shown["messages"]][2:4] == uses

    @pytest.mark.parametrize("how", ["whole", "streamed"])
    @pytest.mark.parametrize("store", [True, False])
    def test_a_continuation_token(self, tmp_path: Path, how: str, store: bool) -> None:
        """The SDK asks by itself for the rest of what broke off at a limit, and joins it."""

        def says(asked: Asked) -> Reply:
            if "continuation_token" in asked.request:
                assert asked.request["continuation_token"] == SEALED
                return interaction(asked, output(SAID[9:]))
            return interaction(
                asked,
                output(SAID[:9]),
                status="requires_continuation",
                continuation_token=SEALED,
            )

        with proxied(says, tmp_path) as braid, braid.gemini() as client:
            asking: Any = {"model": MODEL, "input": "Rain?", "store": store,
                           "automatic_continuation": True}  # fmt: skip
            if how == "whole":
                client.interactions.create(**asking)
            else:
                list(client.interactions.create(**asking, stream=True))
            one, two = braid.story().calls
            assert len(braid.provider.asked) == 2
        assert one.end is not None
        assert one.end.value["stop_reason"] == "requires_continuation"
        assert (two.by, two.history) == ("thread", ["continued"])
        assert shown(two) == [("prompt", "client", "Rain?"), ("text", "provider", SAID[:9])]

    @pytest.mark.parametrize("polls", [1, 3])
    def test_in_the_background(self, tmp_path: Path, polls: int) -> None:
        name = fresh("v1_int")

        def says(asked: Asked) -> Reply:
            def again(status: str, *steps: Json) -> Reply:
                body = interacted(asked, *steps, id=name, status=status)
                headers = {"content-type": "application/json"}
                return Reply(json.dumps(body).encode(), headers=headers)

            if asked.method == "POST" and asked.number == 0:
                return again("in_progress")
            if asked.method == "POST":
                return interaction(asked, output("Bye."))
            assert asked.path.partition("?")[0].endswith(f"/interactions/{name}")
            if asked.number < polls:
                return again("in_progress", pondered("They ask."))
            return again("completed", pondered("They ask."), output(SAID))

        with proxied(says, tmp_path) as braid, braid.gemini() as client:
            said: Any = client.interactions.create(model=MODEL, input="Rain?", background=True)
            while said.status == "in_progress":
                said = client.interactions.get(said.id)
            client.interactions.get(said.id)
            client.interactions.create(model=MODEL, input="Bye.", previous_interaction_id=said.id)
            first, *again, later = braid.story().calls
        assert len(again) == polls + 1
        assert {call.by for call in again} == {"thread"}
        assert all(call.node.about == [first.node.s] for call in again)
        words = [each for call in (first, *again) for each in told(call)]
        assert words == [("thinking", "They ask."), ("text", SAID)]
        assert shown(later) == [*BEFORE, ("prompt", "client", "Bye.")]

    def test_a_stream_of_what_is_kept(self, tmp_path: Path) -> None:
        """A program that lost its connection asks for the rest, or for all again."""

        def says(asked: Asked) -> Reply:
            if asked.method == "POST":
                return interaction(asked, pondered("They ask."), output(SAID), id="v1_kept")
            posing = Asked(asked.number, "POST", asked.path, asked.headers, b'{"stream":true}')
            return interaction(posing, pondered("They ask."), output(SAID), id="v1_kept")

        with proxied(says, tmp_path) as braid, braid.gemini() as client:
            list(client.interactions.create(model=MODEL, input="Rain?", stream=True))
            events = list(client.interactions.get("v1_kept", stream=True))
            assert len(events) > 5
            first, again = braid.story().calls
        assert again.node.about == [first.node.s]
        assert told(first) == [("thinking", "They ask."), ("text", SAID)]
        assert told(again) == []
        assert again.outcome == "complete"

    def test_cancelled_and_deleted(self, tmp_path: Path) -> None:
        def says(asked: Asked) -> Reply:
            if asked.method == "DELETE":
                return Reply(b"{}", headers={"content-type": "application/json"})
            status = "cancelled" if "cancel" in asked.path else "in_progress"
            return interaction(asked, id="v1_kept", status=status)

        with proxied(says, tmp_path) as braid, braid.gemini() as client:
            client.interactions.create(model=MODEL, input="Rain?", background=True)
            client.interactions.cancel("v1_kept")
            client.interactions.delete("v1_kept")
            first, second = braid.story().calls
            methods = [one.method for one in braid.provider.asked]
        assert methods == ["POST", "POST", "DELETE"]
        assert second.node.about == [first.node.s]
        assert second.end is not None and second.end.value["stop_reason"] == "cancelled"


class TestErrors:
    def test_pass_and_are_recorded(self, tmp_path: Path) -> None:
        said = error(400, "INVALID_ARGUMENT", "No rain today.")
        with proxied(lambda a: said, tmp_path) as braid, braid.gemini() as client:
            with pytest.raises(Exception, match="No rain today") as raised:
                client.interactions.create(model=MODEL, input="Rain?")
            assert getattr(raised.value, "status_code", 400) == 400
            (call,) = braid.story().calls
        assert call.outcome == "error"
        (node,) = call.answer
        assert node.content == said.body

    def test_in_mid_stream(self, tmp_path: Path) -> None:
        def says(asked: Asked) -> Reply:
            begun, _, _ = interaction(asked, output(SAID)).body.partition(b"event: step.stop")
            broke = {"event_type": "error", "error": {"message": "Broke.", "code": "internal"}}
            body = begun + b"event: error\ndata: " + json.dumps(broke).encode() + b"\n\n"
            return Reply(body, headers={"content-type": "text/event-stream"})

        with proxied(says, tmp_path) as braid, braid.gemini() as client:
            events = list(client.interactions.create(model=MODEL, input="Rain?", stream=True))
            assert events[-1].event_type == "error"
            (call,) = braid.story().calls
        assert call.outcome == "error"
        assert ("text", SAID) in told(call)


def test_what_a_program_says_the_model_said_is_not_the_providers(tmp_path: Path) -> None:
    """Steps of the model in a request, and input that an answer lists, are a client's words."""
    steps: list[Any] = [
        {"type": "user_input", "content": [{"type": "text", "text": "Rain?"}]},
        output("Never."),
        {"type": "user_input", "content": [{"type": "text", "text": "Sure?"}]},
    ]
    with (
        proxied(lambda a: interaction(a, steps[0], output(SAID)), tmp_path) as braid,
        braid.gemini() as client,
    ):
        client.interactions.create(model=MODEL, input=steps)
        story = braid.story()
    (call,) = story.calls
    assert shown(call) == [
        ("prompt", "client", "Rain?"),
        ("text", "client", "Never."),
        ("prompt", "client", "Sure?"),
    ]
    assert told(call) == [("text", SAID)]
    (echo,) = [node for node in story.nodes if node.attrs.get("type") == "echo"]
    assert echo.origin == "client"
