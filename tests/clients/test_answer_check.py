"""An answer that was meddled with on its way is not what was signed, and is not given out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest

from braid_clients import (
    AnswerNotGenuine,
    Braid,
    Call,
    Difference,
    NotRecorded,
    RootNotPinned,
    ServerError,
    call_of,
)
from braid_verifier import Answer, NotVerified
from fakes import everyone, provider
from fakes.everyone import GIVEN, THOUGHT, WORDS, Meddle, meddling, untouched
from fakes.provider import Asked, Reply
from fakes.proxied import Proxied, proxied
from fakes.ways import (
    KEY,
    QUESTION,
    WAYS,
    Came,
    anthropic_helper,
    anthropic_raw,
    chat_raw,
    responses_events,
    responses_raw,
)

Way = Callable[..., Came]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    with proxied(everyone.says, tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def braid(server: Proxied) -> Iterator[Braid]:
    with Braid(server.url, roots=[server.root()]) as client:
        yield client


def replacing(old: str, new: str) -> Meddle:
    """Put other words into a body, which has to hold the old ones."""

    def meddle(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
        assert old.encode() in body
        return headers, body.replace(old.encode(), new.encode())

    return meddle


def checked(server: Proxied, way: Way, request: Meddle, answer: Meddle) -> Any:
    """Ask through someone who meddles, and check against the server itself."""
    with meddling(server.port, request, answer) as between:
        came = way(Braid(between, roots=[]).conversation())
    with Braid(server.url, roots=[server.root()]) as braid:
        return braid.check(*came[: 1 if came.answer is None else 2])


def differences(check: Any) -> list[Difference]:
    return [found.difference for found in check.differences]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("old", "new"), [(WORDS, "Ice."), ("Oslo", "Rome"), ("look", "rm -rf")])
def test_other_words_are_found(server: Proxied, way: Way, old: str, new: str) -> None:
    check = checked(server, way, untouched, replacing(old, new))
    assert not check.genuine
    assert set(differences(check)) == {Difference.CHANGED}
    assert all(found.node in check_nodes(server, check.call) for found in check.differences)
    with pytest.raises(AnswerNotGenuine, match="changed") as refusal:
        check.require()
    # What is false may be a secret too.
    assert new not in str(refusal.value) and old not in str(refusal.value)
    assert repr(check).startswith("<AnswerCheck genuine=False differences=")
    assert new not in repr(check) and old not in repr(check) and len(repr(check)) < 200
    with pytest.raises(TypeError):
        bool(check)


def check_nodes(server: Proxied, call: Call) -> str:
    return server.get(f"/braid/v1/braids/{call.braid}").decode()


@pytest.mark.parametrize("way", WAYS)
def test_another_question_is_found_where_the_response_holds_the_request(
    server: Proxied, way: Way
) -> None:
    check = checked(server, way, replacing(QUESTION, "Whom shall I pay?"), untouched)
    if "gemini" in way.__name__:
        assert check.request is Answer.NOT_CHECKED
        assert check.genuine
    else:
        assert check.request is Answer.NO
        assert differences(check) == [Difference.REQUEST]


def test_thinking_and_its_signature_count_as_words(server: Proxied) -> None:
    for old, new in ((THOUGHT, "Ha!!"), ("c2lnbmVk", "c2lnbmVl")):
        check = checked(server, anthropic_raw, untouched, replacing(old, new))
        assert differences(check) == [Difference.CHANGED]


def blocks(change: Callable[[list[Any]], Any]) -> Meddle:
    """Change the list of an Anthropic message's blocks."""

    def meddle(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
        message = json.loads(body)
        change(message["content"])
        return headers, json.dumps(message).encode()

    return meddle


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda said: said.append({"type": "text", "text": "P.S."}), {Difference.ADDED}),
        (lambda said: said.pop(), {Difference.MISSING}),
        (lambda said: said.clear(), {Difference.MISSING}),
        (lambda said: said.reverse(), {Difference.CHANGED}),
        (lambda said: said[2]["input"].update(days=True), {Difference.CHANGED}),
        (lambda said: said[2]["input"].pop("unit"), {Difference.CHANGED}),
        (lambda said: said[2].update(id="toolu_2"), {Difference.CHANGED}),
        (lambda said: said[2].update(namespace="other"), {Difference.CHANGED}),
        (lambda said: said[1].update(citations=[{"cited_text": "x"}]), {Difference.CHANGED}),
        (lambda said: said[1].update(citations=None), set()),
        (
            lambda said: said.insert(0, {"type": "brand_new", "data": "x"}),
            {Difference.CHANGED, Difference.ADDED},
        ),
        # Honest spellings of the same.
        (lambda said: said[2]["input"].update(days=2), set()),
        (lambda said: said.append({"type": "text", "text": ""}), set()),
    ],
)
def test_blocks_that_come_go_and_move(
    server: Proxied, change: Callable[[list[Any]], Any], found: set[Difference]
) -> None:
    check = checked(server, anthropic_raw, untouched, blocks(change))
    assert set(differences(check)) == found
    assert check.genuine is not bool(found)


@pytest.mark.parametrize(
    ("way", "old", "new", "found"),
    [
        (
            anthropic_raw,
            '"tool_use", "stop_sequence"',
            '"end_turn", "stop_sequence"',
            "stop_reason",
        ),
        (anthropic_helper, '"stop_reason":"tool_use"', '"stop_reason":"end_turn"', "stop_reason"),
        (chat_raw, '"finish_reason": "tool_calls"', '"finish_reason": "stop"', "stop_reason"),
        (anthropic_raw, '"output_tokens": 34', '"output_tokens": 35', "usage"),
        (chat_raw, '"completion_tokens": 7', '"completion_tokens": 8', "usage"),
        (responses_raw, '"output_tokens": 7', '"output_tokens": 8', "usage"),
        (anthropic_raw, '"id": "msg_', '"id": "msg_9', "answer_id"),
        (chat_raw, '"id": "chatcmpl_', '"id": "chatcmpl_9', "answer_id"),
    ],
)
def test_how_it_ended_and_which_answer_it_is(
    server: Proxied, way: Way, old: str, new: str, found: str
) -> None:
    assert differences(checked(server, way, untouched, replacing(old, new))) == [found]


def renaming(**headers: str | None) -> Meddle:
    def meddle(came: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        merged = {**came, **named}
        return {name: value for name, value in merged.items() if value is not None}, body

    return meddle


class TestTheCallItself:
    def test_an_older_call_does_not_vouch(self, server: Proxied, braid: Braid) -> None:
        older = call_of(anthropic_raw(braid.conversation()).response)
        headers = {"x_braid_id": older.braid, "x_braid_call": older.id}
        check = checked(server, anthropic_raw, untouched, renaming(**headers))
        assert Difference.ANSWER_ID in differences(check)

    def test_an_older_answer_to_another_question(self, server: Proxied, braid: Braid) -> None:
        older = anthropic_raw(braid.conversation()).response
        said = {**dict(older.headers)}, older.http_response.content

        def replay(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
            return said

        with (
            meddling(server.port, untouched, replay) as between,
            anthropic.Anthropic(base_url=between, api_key=KEY) as client,
        ):
            raw = client.messages.with_raw_response.create(
                model="m", max_tokens=9, messages=[{"role": "user", "content": "Shall I?"}]
            )
        check = braid.check(raw)
        assert check.call == call_of(older)
        assert differences(check) == [Difference.REQUEST]

    def test_a_call_that_the_braid_has_not(self, server: Proxied) -> None:
        check = checked(server, anthropic_raw, untouched, renaming(x_braid_call="made-up"))
        assert differences(check) == [Difference.NO_CALL]

    @pytest.mark.parametrize("value", [None, "", "short", "ä"])
    def test_headers_that_name_none(self, server: Proxied, value: str | None) -> None:
        with pytest.raises(NotRecorded):
            checked(server, anthropic_raw, untouched, renaming(x_braid_id=value))


class TestTheTranscript:
    """The server is asked, not trusted."""

    def test_one_that_was_changed(self, server: Proxied, braid: Braid) -> None:
        came = anthropic_raw(braid.conversation())
        with (
            meddling(server.port, untouched, replacing(WORDS, "Ice.")) as between,
            Braid(between, roots=[server.root()]) as reader,
        ):
            check = reader.check(came.response)
            assert not check.genuine
            with pytest.raises(NotVerified, match="E_COMMIT"):
                check.require()
            with pytest.raises(NotVerified):
                reader.report(came.response).require()

    def test_another_braid_in_its_place(self, server: Proxied, braid: Braid) -> None:
        came, other = (anthropic_raw(braid.conversation()) for _ in range(2))
        instead = braid.transcript(other.response)

        def swap(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
            return headers, instead

        with (
            meddling(server.port, untouched, swap) as between,
            Braid(between, roots=[server.root()]) as reader,
        ):
            for ask in (reader.check, reader.report):
                with pytest.raises(ServerError, match="asked for braid"):
                    ask(came.response)
            with pytest.raises(ServerError, match="asked for braid"):
                reader.check_history(came.response, "anthropic", b"{}")

    def test_one_of_another_root(self, server: Proxied, braid: Braid, tmp_path: Path) -> None:
        """Someone answers in Braid's place, with a server of their own."""
        with (
            proxied(everyone.says, tmp_path) as theirs,
            Braid(theirs.url, roots=[server.root()]) as reader,
        ):
            check = reader.check(anthropic_raw(reader.conversation()).response)
            assert not check.genuine and check.request is Answer.NOT_CHECKED
            with pytest.raises(RootNotPinned, match=re.escape(theirs.root())):
                check.require()

    def test_words_that_were_erased_since(self, server: Proxied, braid: Braid) -> None:
        came = anthropic_raw(braid.conversation())
        call = call_of(came.response)
        lines = braid.transcript(call).splitlines()[1:]
        (node,) = [n for n, line in enumerate(lines) if json.loads(line).get("text") == WORDS]
        url = f"{server.url}/braid/v1/braids/{call.braid}/erase"
        httpx.post(url, json={"nodes": [node]}, trust_env=False).raise_for_status()
        check = braid.check(came.response)
        assert Difference.ERASED in differences(check)
        assert not check.genuine


class TestAnswersThatAreNotWhole:
    def test_a_stream_that_ended_early_and_clean(self, tmp_path: Path) -> None:
        """The SDK's helper takes it for an answer."""

        def cut(asked: Asked) -> Reply:
            whole = provider.reply(asked, provider.text(WORDS))
            body = whole.body.partition(b"event: message_delta")[0]
            return Reply(body, headers=whole.headers)

        with proxied(cut, tmp_path) as server, Braid(server.url, roots=[server.root()]) as braid:
            came = anthropic_helper(braid.conversation())
            check = braid.check(came.response)
            assert WORDS in str(came.response.get_final_message())
            assert differences(check) == [Difference.NOT_COMPLETE]

    def test_an_error_of_the_provider(self, tmp_path: Path) -> None:
        """SDKs raise for it; its call has a report all the same."""

        def refuses(asked: Asked) -> Reply:
            return provider.refuse(400, "invalid_request_error", "no such model")

        with (
            proxied(refuses, tmp_path) as server,
            Braid(server.url, roots=[server.root()]) as braid,
        ):
            with pytest.raises(anthropic.BadRequestError) as refusal:
                anthropic_raw(braid.conversation())
            assert braid.report(refusal.value).counts.outcomes == {"error": 1}
            with pytest.raises(openai.BadRequestError) as refused:
                chat_raw(braid.conversation())
            assert braid.report(refused.value).counts.outcomes == {"error": 1}


def adding(**members: Any) -> Meddle:
    """Put other words where the program reads, and the genuine ones where another format has them."""

    def meddle(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
        answer = json.loads(body)
        genuine = json.loads(body)
        answer.update({name: of(genuine) if callable(of) else of for name, of in members.items()})
        return headers, json.dumps(answer).replace(WORDS, "Pay Eve.", 1).encode()

    return meddle


def _as_message(answer: Any) -> Any:
    """The blocks of a chat completion as Anthropic would have them."""
    said = answer["choices"][0]["message"]
    uses = [
        {"type": "tool_use", "id": one["id"], "name": "look", "input": GIVEN}
        for one in said["tool_calls"]
    ]
    return [{"type": "text", "text": said["content"]}, *uses]


@pytest.mark.parametrize(
    ("way", "members"),
    [
        (
            chat_raw,
            {
                "type": "message",
                "role": "assistant",
                "content": _as_message,
                "stop_reason": "tool_calls",
            },
        ),
        # Where the format that the program reads is named nowhere but by what it reads.
        (
            chat_raw,
            {"object": None, "type": "message", "content": _as_message, "stop_reason": "stop"},
        ),
        (chat_raw, {"object": "response", "output": []}),
        (anthropic_raw, {"type": "other", "object": "chat.completion", "choices": []}),
        (responses_raw, {"object": "chat.completion", "choices": []}),
    ],
)
def test_words_in_the_shape_of_another_format_do_not_vouch(
    server: Proxied, way: Way, members: dict[str, Any]
) -> None:
    """The SDKs keep members that they do not know, and the program reads those that it knows."""
    with pytest.raises(TypeError, match="expected an answer of one known wire format"):
        checked(server, way, untouched, adding(**members))


def test_events_in_the_shape_of_another_format_do_not_vouch(server: Proxied) -> None:
    false = {"object": "chat.completion.chunk", "choices": [{"delta": {"content": "Pay Eve."}}]}

    def meddle(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
        events = body.split(b"\n\n")
        return headers, b"\n\n".join([b"data: " + json.dumps(false).encode(), *events])

    with pytest.raises(TypeError, match="expected an answer of one known wire format"):
        checked(server, responses_events, untouched, meddle)
