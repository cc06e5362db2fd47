"""Unmodified programs of Google's SDK leave a record: `generateContent`, `Chat`, function calling."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from google import genai
from google.genai import errors, types

from braid_server.service import Settings, running
from fakes.anthropic import head
from fakes.client import RawClient
from fakes.gemini import (
    MODEL,
    SEALED,
    candidates,
    content,
    error,
    event,
    function_call,
    text,
    thought,
)
from fakes.openai import chat
from fakes.provider import Answering, Asked, Provider, Reply
from fakes.proxied import API_KEY, Proxied, proxied
from fakes.story import Call, Node
from fakes.upstream import Script, ScriptedUpstream, Step, chunk, chunked

# The SDK's own, when its async half goes over aiohttp.
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class Aiohttp:DeprecationWarning")

SAID = "It rains in Bergen – always."
# Whatever Python makes of standard base64 on its way through the SDK.
RESENT = SEALED.replace("+", "-").replace("/", "_")
PNG = b"\x89PNG\r\n\x1a\n\xfb\xff"


@contextlib.contextmanager
def served(upstream: str, folder: Path) -> Iterator[Proxied]:
    """Run the service before an upstream that plays scripts."""
    settings = Settings(
        str(folder / "braid.db"),
        folder / "root.key",
        folder / "wrapping.key",
        upstream_gemini=upstream,
        port=0,
    )
    with running(settings) as url:
        yield Proxied(url, Provider(upstream), folder)


def in_turn(*answers: Answering) -> Answering:
    """Answer in the order of arrival, the last answer for every further request."""
    return lambda asked: answers[min(asked.number, len(answers) - 1)](asked)


def told(call: Call) -> list[tuple[str, str]]:
    """What an answer said, without what stands beside it and texts without a letter."""
    return [(node.kind, node.text) for node in call.answer if node.kind != "other" and node.text]


def shown(call: Call) -> list[tuple[str, str, str]]:
    return [(node.kind, node.origin, node.text) for node in call.shown["messages"] if node.text]


def weather(place: str) -> str:
    """Tells the weather.

    Args:
        place: Where.
    """
    return f"Rain in {place}."


async def weather_async(place: str) -> str:
    """Tells the weather.

    Args:
        place: Where.
    """
    return f"Rain in {place}."


class TestGenerateContent:
    def test_once(self, tmp_path: Path) -> None:
        with (
            proxied(lambda asked: content(asked, text(SAID)), tmp_path) as braid,
            braid.gemini() as client,
        ):
            said = client.models.generate_content(
                model=MODEL,
                contents="Rain?",
                config=types.GenerateContentConfig(
                    system_instruction="Be brief.",
                    temperature=0.5,
                    tools=[types.Tool(google_search=types.GoogleSearch())],
                ),
            )
            assert said.text == SAID
            story = braid.story()
            (call,) = story.calls
            assert said.sdk_http_response is not None
            headers = said.sdk_http_response.headers or {}
            assert (headers["x-braid-call"], headers["x-braid-id"]) == (call.id, story.braid)
            (asked,) = braid.provider.asked
        assert asked.path == f"/v1/models/{MODEL}:generateContent"
        assert asked.headers["x-goog-api-key"] == API_KEY
        assert (call.outcome, told(call)) == ("complete", [("text", SAID)])
        assert [node.text for node in call.shown["system"]] == ["Be brief."]
        assert [node.value for node in call.shown["tools"]] == [{"googleSearch": {}}]
        assert shown(call) == [("prompt", "client", "Rain?")]
        params = call.params.value
        assert (params["path"], call.params.attrs["model"]) == (asked.path, MODEL)
        assert params["parameters"] == {"generationConfig": {"temperature": 0.5}}
        assert call.end is not None
        end = call.end.value
        assert (end["stop_reason"], end["usage"]["totalTokenCount"]) == ("STOP", 12)
        assert end["request_id"] == headers["x-goog-request-id"]

    @pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
    @pytest.mark.parametrize("mount", ["", "/gemini"])
    def test_async_at_each_version(self, tmp_path: Path, mount: str, version: str) -> None:
        async def program(braid: Proxied) -> list[str | None]:
            client = braid.gemini(mount, api_version=version)
            whole = await client.aio.models.generate_content(model=MODEL, contents="Rain?")
            stream = await client.aio.models.generate_content_stream(model=MODEL, contents="Rain?")
            pieces = [piece.text or "" async for piece in stream]
            await client.aio.aclose()
            return [whole.text, "".join(pieces)]

        with proxied(lambda asked: content(asked, text(SAID)), tmp_path) as braid:
            assert asyncio.run(program(braid)) == [SAID, SAID]
            calls = [call for story in braid.stories() for call in story.calls]
            paths = [asked.path for asked in braid.provider.asked]
        assert paths == [
            f"/{version}/models/{MODEL}:generateContent",
            f"/{version}/models/{MODEL}:streamGenerateContent?alt=sse",
        ]
        assert [told(call) for call in calls] == [[("text", SAID)]] * 2
        assert [call.params.value["query"] for call in calls] == ["", "alt=sse"]

    def test_a_stream_says_what_is_said_whole(self, tmp_path: Path) -> None:
        parts = [
            thought("They ask about rain."),
            text(SAID, thoughtSignature=SEALED),
            function_call("weather", {"n": 1.10, "place": "Bergen"}, SEALED),
            function_call("weather", {"place": "Oslo"}),
            {"executableCode": {"language": "PYTHON", "code": "print(6*7)"}},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "42\n"}},
            {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(PNG).decode()}},
        ]
        grounded = {"groundingMetadata": {"webSearchQueries": ["rain bergen"]}, "avgLogprobs": -0.5}
        with (
            proxied(lambda asked: content(asked, *parts, **grounded), tmp_path) as braid,
            braid.gemini() as client,
        ):
            client.models.generate_content(model=MODEL, contents="Rain?")
            list(client.models.generate_content_stream(model=MODEL, contents="Rain?"))
            with RawClient(braid.port) as raw:  # and as an array, which no SDK asks for
                raw.post(f"/v1/models/{MODEL}:streamGenerateContent", braid.provider.asked[0].body)
                assert raw.answer().clean
            whole, *streamed = [call for story in braid.stories() for call in story.calls]

        def tell(call: Call) -> list[Any]:
            return [
                (node.kind, node.header["media"], value_of(node), without_ids(node.attrs))
                for node in call.answer
                if node.content
            ]

        kinds = [node.kind for node in whole.answer]
        assert kinds == ["thinking", "text", "tool_use", "tool_use", "tool_use", "tool_result",
                         "media", "other"]  # fmt: skip
        assert whole.answer[1].attrs["signature"] == SEALED
        assert whole.answer[6].content == PNG
        assert whole.answer[7].value == grounded
        for call in streamed:
            assert tell(call) == tell(whole)

    def test_candidates_are_strands(self, tmp_path: Path) -> None:
        def says(asked: Asked) -> Reply:
            return candidates(asked, {"parts": [text("Yes.")]}, {"parts": [text("No, never.")]})

        asking: Any = {
            "model": MODEL,
            "contents": "Rain?",
            "config": types.GenerateContentConfig(candidate_count=2),
        }
        with proxied(says, tmp_path) as braid, braid.gemini() as client:
            whole = client.models.generate_content(**asking)
            list(client.models.generate_content_stream(**asking))
            assert whole.candidates is not None
            for one in reversed(whole.candidates):
                assert one.content is not None
                history = [user("Rain?"), one.content, user("So?")]
                client.models.generate_content(model=MODEL, contents=history)
            stories = braid.stories()
        # Two braids know these words alike, so the last two requests began their own.
        for asked in (stories[0].calls[0], stories[1].calls[0]):
            nodes = [node for node in asked.answer if node.kind == "text" and node.text]
            assert {node.text: node.prev for node in nodes} == {
                "Yes.": [asked.node.s],
                "No, never.": [asked.node.s],
            }
            assert {node.text: node.attrs.get("candidate") for node in nodes} == {
                "Yes.": None,
                "No, never.": 1,
            }

    def test_bytes_and_files(self, tmp_path: Path) -> None:
        asking: Any = [
            types.Part.from_bytes(data=PNG, mime_type="image/png"),
            types.Part.from_uri(file_uri="https://x/files/abc", mime_type="video/mp4"),
            "What is this?",
        ]
        with (
            proxied(lambda asked: content(asked, text("A dot.")), tmp_path) as braid,
            braid.gemini() as client,
        ):
            client.models.generate_content(model=MODEL, contents=asking[:1])
            client.models.generate_content(model=MODEL, contents=asking)
            client.models.generate_content(
                model=MODEL,
                contents="Rain?",
                config=types.GenerateContentConfig(cached_content="cachedContents/abc"),
            )
            first, second, third = [call for story in braid.stories() for call in story.calls]
        (image,) = first.shown["messages"]
        assert (image.kind, image.header["media"], image.content) == ("media", "image/png", PNG)
        assert "partial" not in first.node.value["context"]
        assert [node.kind for node in second.shown["messages"]] == ["media", "other", "prompt"]
        assert [node.kind for node in third.shown["messages"]] == ["other", "prompt"]
        # A file and what is kept by the provider were shown to the model, and not to us.
        assert second.node.value["context"]["partial"] is True
        assert third.node.value["context"]["partial"] is True

    def test_vertex(self, tmp_path: Path) -> None:
        def says(asked: Asked) -> Reply:
            return content(asked, text(SAID))

        with proxied(says, tmp_path) as braid:
            options = types.HttpOptions(base_url=f"{braid.url}/gemini")
            with genai.Client(vertexai=True, api_key=API_KEY, http_options=options) as client:
                chat = client.chats.create(model=MODEL)
                assert chat.send_message("Rain?").text == SAID
                list(chat.send_message_stream("Sure?"))
            one, two = braid.story().calls
            paths = [asked.path for asked in braid.provider.asked]
        assert all(f"/publishers/google/models/{MODEL}:" in path for path in paths)
        assert (two.by, two.history) == ("prefix", ["continued"])
        assert one.params.attrs["model"] == two.params.attrs["model"]

    def test_chat_completions_in_openais_shape(self, tmp_path: Path) -> None:
        with proxied(lambda asked: chat(asked, {"content": SAID}), tmp_path) as braid:
            base = f"{braid.url}/gemini/v1beta/openai/"
            with openai.OpenAI(base_url=base, api_key=API_KEY, max_retries=0) as client:
                asking: Any = [{"role": "user", "content": "Rain?"}]
                client.chat.completions.create(model=MODEL, messages=asking)
            (call,) = braid.story().calls
            assert braid.provider.asked[0].path == "/v1beta/openai/chat/completions"
        assert told(call) == [("text", SAID)]
        assert call.node.value["upstream"] == braid.provider.url

    def test_uploads_pass_and_are_not_recorded(self, tmp_path: Path) -> None:
        """Begun at the root; where the bytes go, the provider says in a header, absolute."""

        def says(asked: Asked) -> Reply:
            if asked.headers["x-goog-upload-command"] == "start":
                there = f"{braid.provider.url}/upload/v1/files?upload_id=1"
                return Reply(b"{}", headers={"x-goog-upload-url": there})
            file = {"file": {"name": "files/abc", "uri": "https://x/files/abc", "state": "ACTIVE"}}
            return Reply(json.dumps(file).encode(), headers={"x-goog-upload-status": "final"})

        (tmp_path / "a.txt").write_text("Words.")
        with proxied(says, tmp_path) as braid, braid.gemini() as client:
            file = client.files.upload(file=tmp_path / "a.txt")
            assert file.name == "files/abc"
            assert braid.braids() == []
            assert braid.provider.asked[0].path.startswith("/upload/v1")

    def test_what_is_no_generation_passes_and_is_not_recorded(self, tmp_path: Path) -> None:
        def says(asked: Asked) -> Reply:
            return Reply(b'{"totalTokens": 3}', headers={"content-type": "application/json"})

        with proxied(says, tmp_path) as braid, braid.gemini() as client:
            assert client.models.count_tokens(model=MODEL, contents="Rain?").total_tokens == 3
            assert braid.braids() == []


def value_of(node: Node) -> Any:
    """What a node says, however its JSON is spaced."""
    return node.value if node.header["media"] == "application/json" else node.content


def without_ids(attrs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attrs.items() if name != "id"}


def user(words: str) -> types.Content:
    return types.UserContent(parts=[types.Part.from_text(text=words)])


class TestChat:
    """The SDK's own chats, which resend everything as the SDK spells it."""

    PARTS = (
        thought("They ask.", thoughtSignature=SEALED),
        {"executableCode": {"language": "PYTHON", "code": "print(6*7)"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "42\n"}},
        text(SAID, thoughtSignature=SEALED),
    )

    def asked(self, braid: Proxied, how: str) -> None:
        """Ask three times in one chat."""
        words = ("Rain?", "Umbrella?", "Bye.")

        async def later() -> None:
            client = braid.gemini()
            chat = client.aio.chats.create(model=MODEL)
            for each in words:
                if how == "async":
                    await chat.send_message(each)
                else:
                    async for _ in await chat.send_message_stream(each):
                        pass
            await client.aio.aclose()

        if how.startswith("async"):
            asyncio.run(later())
            return
        with braid.gemini() as client:
            chat = client.chats.create(model=MODEL)
            for each in words:
                if how == "whole":
                    chat.send_message(each)
                else:
                    list(chat.send_message_stream(each))

    @pytest.mark.parametrize("how", ["whole", "streamed", "async", "async streamed"])
    def test_stays_on_one_braid(self, tmp_path: Path, how: str) -> None:
        with proxied(lambda asked: content(asked, *self.PARTS), tmp_path) as braid:
            self.asked(braid, how)
            one, two, three = braid.story().calls
            resent = braid.provider.asked[1].request["contents"]
        if how.endswith("streamed"):
            # A content a chunk, and each of them a part: none is merged.
            assert sum(turn["role"] == "model" for turn in resent) > len(self.PARTS)
        parts = [part for turn in resent for part in turn["parts"]]
        assert [part["thoughtSignature"] for part in parts if "thoughtSignature" in part][:2] == (
            [RESENT] * 2
        )
        assert [call.by for call in (one, two, three)] == ["new", "prefix", "prefix"]
        for call in (two, three):
            assert call.history[0] == "continued"
            assert set(call.history[1:]) <= {"variant"}
        said = [("thinking", "They ask."), ("text", SAID)]
        assert [each for each in told(one) if each[0] in ("thinking", "text")] == said
        if how in ("whole", "async"):
            assert [call.history for call in (two, three)] == [["continued"]] * 2
            known = [node.s for node in one.content]
            assert [node.s for node in two.shown["messages"]][1:5] == known

    def test_an_edited_answer_is_named(self, tmp_path: Path) -> None:
        says = in_turn(
            lambda a: content(a, text(SAID)), lambda a: content(a, text("As I said, it is dry."))
        )
        with proxied(says, tmp_path) as braid, braid.gemini() as client:
            first = client.chats.create(model=MODEL)
            first.send_message("Rain?")
            first.send_message("Sure?")
            history = [user("Rain?"), model(SAID), user("Sure?"), model("No, it never rains.")]
            other = client.chats.create(model=MODEL, history=list(history))
            other.send_message("Thanks.")
            story = braid.story()
        last = story.calls[-1]
        assert last.entries("edited") or last.entries("foreign")


def model(words: str) -> types.Content:
    return types.ModelContent(parts=[types.Part.from_text(text=words)])


class TestFunctions:
    """Calls of functions, which have ids in some of the provider's answers only."""

    def two_calls(self, *names: str) -> Answering:
        ids = [{"id": name} for name in names] or [{}, {}]
        places = ("Bergen", "Oslo")
        return lambda asked: content(
            asked,
            *(
                function_call("weather", {"place": place}, None if number else SEALED, **more)
                for number, (place, more) in enumerate(zip(places, ids, strict=True))
            ),
        )

    @pytest.mark.parametrize("streamed", [False, True])
    @pytest.mark.parametrize("ids", [(), ("fc-1", "fc-2")], ids=["without-ids", "with-ids"])
    def test_automatic_calling(self, tmp_path: Path, ids: tuple[str, ...], streamed: bool) -> None:
        says = in_turn(self.two_calls(*ids), lambda a: content(a, text(SAID)))
        config = types.GenerateContentConfig(tools=[weather])
        with proxied(says, tmp_path) as braid, braid.gemini() as client:
            asking: Any = {"model": MODEL, "contents": "Rain?", "config": config}
            if streamed:
                pieces = list(client.models.generate_content_stream(**asking))
                assert "".join(piece.text or "" for piece in pieces if piece.candidates) == SAID
            else:
                assert client.models.generate_content(**asking).text == SAID
            self.assert_one_turn(braid, streamed)

    def test_automatic_calling_async(self, tmp_path: Path) -> None:
        async def program(braid: Proxied) -> str | None:
            client = braid.gemini()
            config = types.GenerateContentConfig(tools=[weather_async])
            said = await client.aio.models.generate_content(
                model=MODEL, contents="Rain?", config=config
            )
            await client.aio.aclose()
            return said.text

        says = in_turn(
            lambda a: content(
                a,
                function_call("weather_async", {"place": "Bergen"}, SEALED),
                function_call("weather_async", {"place": "Oslo"}),
            ),
            lambda a: content(a, text(SAID)),
        )
        with proxied(says, tmp_path) as braid:
            assert asyncio.run(program(braid)) == SAID
            self.assert_one_turn(braid, False)

    def assert_one_turn(self, braid: Proxied, streamed: bool) -> None:
        one, two = braid.story().calls
        assert (two.by, two.history) == ("prefix", ["continued"])
        uses = [node for node in one.answer if node.kind == "tool_use"]
        assert [node.value for node in uses] == [{"place": "Bergen"}, {"place": "Oslo"}]
        results = [node for node in two.shown["messages"] if node.kind == "tool_result"]
        assert [node.value for node in results] == [
            {"result": "Rain in Bergen."},
            {"result": "Rain in Oslo."},
        ]
        # Each hangs on what it answers, by id or by its name and place.
        assert [node.prev[-1] for node in results] == [node.s for node in uses]
        assert [node.s for node in two.shown["messages"] if node.kind == "tool_use"] == [
            node.s for node in uses
        ]
        assert len(braid.provider.asked) == 2

    def test_results_in_another_order_find_their_calls_by_name(self, tmp_path: Path) -> None:
        says = in_turn(
            lambda a: content(a, function_call("one", {}), function_call("two", {})),
            lambda a: content(a, text(SAID)),
        )
        with proxied(says, tmp_path) as braid, braid.gemini() as client:
            said = client.models.generate_content(model=MODEL, contents="Go.")
            assert said.candidates is not None and said.candidates[0].content is not None
            results = [
                types.Part.from_function_response(name=name, response={"n": name})
                for name in ("two", "one")
            ]
            history = [user("Go."), said.candidates[0].content, types.UserContent(parts=results)]
            client.models.generate_content(model=MODEL, contents=history)
            one, two = braid.story().calls
        uses = {node.attrs["name"]: node.s for node in one.answer if node.kind == "tool_use"}
        results_of = [node for node in two.shown["messages"] if node.kind == "tool_result"]
        assert [node.prev[-1] for node in results_of] == [uses["two"], uses["one"]]

    def test_many_steps_in_a_chat(self, tmp_path: Path) -> None:
        places = iter(("Bergen", "Oslo", "Turku"))

        def says(asked: Asked) -> Reply:
            place = next(places, None)
            if place is None:
                return content(asked, text(SAID))
            seal = base64.b64encode(place.encode() + b"\xfb\xff\xbe").decode()
            return content(asked, function_call("weather", {"place": place}, seal))

        with proxied(says, tmp_path) as braid, braid.gemini() as client:
            config = types.GenerateContentConfig(tools=[weather])
            chat = client.chats.create(model=MODEL, config=config)
            assert chat.send_message("Rain?").text == SAID
            chat.send_message("And tomorrow?")
            calls = braid.story().calls
        assert [call.by for call in calls] == ["new", *["prefix"] * 4]
        assert [call.history for call in calls[1:]] == [["continued"]] * 4
        kinds = [kind for kind, _, _ in shown(calls[-1])]
        assert kinds == ["prompt", *["tool_use", "tool_result"] * 3, "text", "prompt"]

    def test_arguments_in_pieces(self, tmp_path: Path) -> None:
        """With `streamFunctionCallArguments` of Vertex a call comes by paths into its arguments."""
        calls = [
            {"name": "weather", "willContinue": True},
            {"partialArgs": [{"jsonPath": "$.place", "stringValue": "Ber", "willContinue": True}],
             "willContinue": True},
            {"partialArgs": [{"jsonPath": "$.place", "stringValue": "gen"}], "willContinue": True},
            {},
        ]  # fmt: skip
        chunks = [
            {"candidates": [{"content": {"role": "model", "parts": [{"functionCall": one}]}}]}
            for one in calls
        ]
        last: Any = {"candidates": [{"finishReason": "STOP"}], "responseId": "r"}
        body = b"".join(map(event, [*chunks, last]))

        def says(asked: Asked) -> Reply:
            return Reply(body, headers={"content-type": "text/event-stream"})

        with proxied(says, tmp_path) as braid, braid.gemini() as client:
            list(client.models.generate_content_stream(model=MODEL, contents="Rain?"))
            (call,) = braid.story().calls
        (use,) = [node for node in call.answer if node.kind == "tool_use"]
        assert (use.value, use.attrs["name"]) == ({"place": "Bergen"}, "weather")
        assert call.outcome == "complete"


class TestContinuation:
    """`CONTINUATION`: the SDK asks the same again with a token, and joins the answers."""

    @pytest.mark.parametrize("how", ["whole", "streamed", "async"])
    def test_one_conversation(self, tmp_path: Path, how: str) -> None:
        token = base64.b64encode(b"\xfb\xff\xbe token").decode()
        says = in_turn(
            lambda a: content(
                a, text(SAID[:9]), finishReason="CONTINUATION", continuationToken=token
            ),
            lambda a: content(a, text(SAID[9:])),
            lambda a: content(a, text("Take it.")),
        )
        with proxied(says, tmp_path) as braid:
            assert self.ask(braid, how) == SAID
            sent = [asked.request for asked in braid.provider.asked]
            with braid.gemini() as client:
                history = [user("Rain?"), model(SAID), user("Umbrella?")]
                client.models.generate_content(model=MODEL, contents=history)
            one, two, three = braid.story().calls
        assert "continuationToken" not in sent[0]
        assert base64.urlsafe_b64decode(sent[1]["continuationToken"]) == base64.b64decode(token)
        assert one.end is not None and one.end.value["stop_reason"] == "CONTINUATION"
        assert (two.by, two.history) == ("thread", ["continued"])
        assert (
            two.node.prev[0] == one.end.s
            or one.end.s in [name for node in two.shown["messages"] for name in node.prev]
            or two.params.prev == [one.end.s]
        )
        # What was asked stands there once, and then what was said of the answer so far.
        assert shown(two) == [("prompt", "client", "Rain?"), ("text", "provider", SAID[:9])]
        assert [words for _, _, words in shown(three)] == ["Rain?", SAID, "Umbrella?"]
        assert three.history[0] == "continued"

    def test_a_stream_that_broke_off_is_taken_up_by_its_token(self, tmp_path: Path) -> None:
        """The SDK asks again by the last token that came, and for what is missing only."""
        token = base64.b64encode(b"\xfb\xff\xbe token").decode()
        begun = event(
            {
                "candidates": [
                    {"content": {"parts": [text(SAID[:9])], "role": "model"},
                     "continuationToken": token}
                ],
                "responseId": "r_1",
            }
        )  # fmt: skip
        rest = event(
            {
                "candidates": [
                    {
                        "content": {"parts": [text(SAID[9:])], "role": "model"},
                        "finishReason": "STOP",
                    }
                ],
                "responseId": "r_2",
            }
        )
        opened = head("200 OK", ("content-type", "text/event-stream"),
                      ("transfer-encoding", "chunked"))  # fmt: skip
        scripts: list[Script] = [[opened + chunk(begun), Step.CLOSE], [opened + chunked(rest)]]
        with (
            ScriptedUpstream(*scripts) as upstream,
            served(upstream.url, tmp_path) as braid,
            braid.gemini() as client,
        ):
            pieces = list(client.models.generate_content_stream(model=MODEL, contents="Rain?"))
            assert "".join(piece.text or "" for piece in pieces) == SAID
            one, two = braid.story().calls
        assert (one.outcome, two.outcome) == ("upstream_cut", "complete")
        assert (two.by, two.history) == ("thread", ["continued"])
        assert shown(two) == [("prompt", "client", "Rain?"), ("text", "provider", SAID[:9])]
        assert two.shown["messages"][1].attrs["cut"] is True

    def ask(self, braid: Proxied, how: str) -> str | None:
        async def later() -> str | None:
            client = braid.gemini()
            said = await client.aio.models.generate_content(model=MODEL, contents="Rain?")
            await client.aio.aclose()
            return said.text

        if how == "async":
            return asyncio.run(later())
        with braid.gemini() as client:
            if how == "whole":
                return client.models.generate_content(model=MODEL, contents="Rain?").text
            pieces = client.models.generate_content_stream(model=MODEL, contents="Rain?")
            return "".join(piece.text or "" for piece in pieces)


class TestErrors:
    @pytest.mark.parametrize(
        ("status", "kind", "raised"),
        [
            (400, "INVALID_ARGUMENT", errors.ClientError),
            (429, "RESOURCE_EXHAUSTED", errors.ClientError),
            (503, "UNAVAILABLE", errors.ServerError),
        ],
    )
    @pytest.mark.parametrize("wrapped", [False, True])
    def test_pass_and_are_recorded(
        self, tmp_path: Path, status: int, kind: str, raised: type[Exception], wrapped: bool
    ) -> None:
        said = error(status, kind, "No rain today.")
        body = b"[" + said.body + b"\n]" if wrapped else said.body

        def says(asked: Asked) -> Reply:
            return Reply(body, status, said.headers)

        with proxied(says, tmp_path) as braid, braid.gemini() as client:
            with pytest.raises(raised, match="No rain today"):
                client.models.generate_content(model=MODEL, contents="Rain?")
            with pytest.raises(raised, match="No rain today"):
                list(client.models.generate_content_stream(model=MODEL, contents="Rain?"))
            calls = [call for story in braid.stories() for call in story.calls]
        assert [call.outcome for call in calls] == ["error", "error"]
        for call in calls:
            (node,) = call.answer
            assert (node.kind, node.content) == ("other", body)
            assert call.end is not None and call.end.value["status"] == status

    def test_retries_of_the_sdk(self, tmp_path: Path) -> None:
        says = in_turn(
            lambda a: error(503, "UNAVAILABLE", "Busy."), lambda a: content(a, text(SAID))
        )
        retry = types.HttpRetryOptions(attempts=2, initial_delay=0.01, max_delay=0.01)
        with proxied(says, tmp_path) as braid, braid.gemini(retry_options=retry) as client:
            assert client.models.generate_content(model=MODEL, contents="Rain?").text == SAID
            calls = [call for story in braid.stories() for call in story.calls]
        assert [call.outcome for call in calls] == ["error", "complete"]

    def test_in_mid_stream(self, tmp_path: Path) -> None:
        first = event({"candidates": [{"content": {"parts": [text("It ")], "role": "model"}}]})
        broke = event({"error": {"code": 503, "message": "Broke.", "status": "UNAVAILABLE"}})

        def says(asked: Asked) -> Reply:
            return Reply(first + broke, headers={"content-type": "text/event-stream"})

        with proxied(says, tmp_path) as braid, braid.gemini() as client:
            stream = client.models.generate_content_stream(model=MODEL, contents="Rain?")
            assert next(stream).text == "It "
            with pytest.raises(errors.ServerError, match="Broke"):
                next(stream)
            (call,) = braid.story().calls
        assert call.outcome == "error"
        assert ("text", "It ") in told(call)

    def test_a_prompt_that_is_blocked(self, tmp_path: Path) -> None:
        blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "responseId": "r"}

        def says(asked: Asked) -> Reply:
            if "stream" in asked.path:
                return Reply(event(blocked), headers={"content-type": "text/event-stream"})
            headers = {"content-type": "application/json"}
            return Reply(json.dumps(blocked).encode(), headers=headers)

        with proxied(says, tmp_path) as braid, braid.gemini() as client:
            said = client.models.generate_content(model=MODEL, contents="Rain?")
            assert said.prompt_feedback is not None
            list(client.models.generate_content_stream(model=MODEL, contents="Rain?"))
            calls = [call for story in braid.stories() for call in story.calls]
        for call in calls:
            assert call.outcome == "complete"
            assert call.end is not None and call.end.value["stop_reason"] == "SAFETY"
            assert [node.value for node in call.answer] == [
                {"promptFeedback": {"blockReason": "SAFETY"}}
            ]


KEYS = ("key-in-a-query-5d1f", "key-in-a-header-77c2", "key-of-oauth-19ee")


@pytest.mark.parametrize("mount", ["", "/gemini"])
def test_no_key_is_kept(
    tmp_path: Path, mount: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    paths: list[Callable[[str], str]] = [
        lambda key: f"/v1beta/models/{MODEL}:generateContent?key={key}",
        lambda key: f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse&key={key}",
        lambda key: (
            f"/v1beta/models/{MODEL}:generateContent?%24alt=json%3Benum-encoding%3Dint&key={key}"
        ),
        lambda key: f"/v1beta/models/{MODEL}:generateContent?%6bey={key}&access_token={key}",
        lambda key: f"/v1beta/interactions?key={key}",
    ]
    body = b'{"contents":[{"parts":[{"text":"Rain?"}]}],"input":"Rain?"}'
    headers = [
        ("x-goog-api-key", KEYS[1]),
        ("authorization", f"Bearer {KEYS[2]}"),
        ("x-goog-user-project", "project"),
    ]
    with proxied(lambda asked: content(asked, text(SAID)), tmp_path) as braid:
        for path in paths:
            with RawClient(braid.port) as client:
                client.post(mount + path(KEYS[0]), body, headers)
                assert client.answer().clean
        for asked, path in zip(braid.provider.asked, paths, strict=True):
            assert asked.path == path(KEYS[0])
            assert asked.headers["x-goog-api-key"] == KEYS[1]
        transcripts = [braid.get(f"/braid/v1/braids/{one}") for one in braid.braids()]
        queries = [call.params.value["query"] for one in braid.stories() for call in one.calls]
    assert len(queries) == len(paths)
    assert queries[1] == "alt=sse"
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert any(b"Rain?" in data for data in transcripts)
    logged = "\n".join([caplog.text, *map(repr, caplog.records), *capfd.readouterr()])
    assert "event=call_ended" in logged
    for data in (*kept, *transcripts, logged.encode()):
        for key in KEYS:
            assert key.encode() not in data
