"""Items of Responses that a request only points to: what they say is in its context (SPEC §8.3)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openai.types.responses import Response

from braid_verifier import HistoryCheck, Standing, check_history
from braid_verifier.policy import ClaimName
from fakes.openai import MODEL, compaction, function_call, message, reasoning, response
from fakes.provider import Asked, Json, Reply
from fakes.proxied import Proxied, proxied
from fakes.story import Call

QUESTION = "Which is the longest river of Norway?"
ANSWER = "That is the Glomma, with 621 kilometres."


def user(words: str) -> Json:
    return {"role": "user", "content": words}


def pointing(item: Any) -> Json:
    return {"type": "item_reference", "id": item.id}


def answering(asked: Asked) -> Reply:
    if asked.path.endswith("/compact"):
        kept = {"type": "message", "id": "msg_in", "status": "completed", **user_item(QUESTION)}
        return response(asked, kept, compaction("gAAAsealed"), object="response.compaction")
    thought = {**reasoning("A river."), "summary": [part("A river."), part("Which one?")]}
    if asked.number:
        return response(asked, message(f"Answer {asked.number}, at some length."))
    return response(asked, thought, message(ANSWER), function_call("look", '{"q": 1}'))


def part(words: str) -> Json:
    return {"type": "summary_text", "text": words}


def user_item(words: str) -> Json:
    return {"role": "user", "content": [{"type": "input_text", "text": words}]}


def ask(braid: Proxied, given: list[Any], **more: Any) -> tuple[Call, Response]:
    with braid.openai() as client:
        raw = client.responses.with_raw_response.create(model=MODEL, input=given, **more)
    name = raw.headers["x-braid-call"]
    calls = [one for story in braid.stories() for one in story.calls]
    (call,) = [one for one in calls if one.id == name]
    return call, raw.parse()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_what_is_pointed_to_is_shown(tmp_path: Path, stream: bool) -> None:
    with proxied(answering, tmp_path) as braid:
        if stream:
            given: Any = [user(QUESTION)]
            with (
                braid.openai() as client,
                client.responses.stream(model=MODEL, input=given) as events,
            ):
                said: Response = events.get_final_response()
            (first,) = braid.story().calls
        else:
            first, said = ask(braid, [user(QUESTION)])
        result = {"type": "function_call_output", "call_id": said.output[2].call_id, "output": "1"}  # type: ignore[union-attr]
        given = [user(QUESTION), *map(pointing, said.output), result, user("And then?")]
        call, _ = ask(braid, given)
        report = braid.report(braid.story().braid)
    assert (call.by, call.history) == ("prefix", ["continued"])
    # Two of reasoning, one of the message, and the call, which the result answers.
    assert call.shown["messages"][1:5] == first.content
    assert [node.kind for node in call.shown["messages"][5:]] == ["tool_result", "prompt"]
    assert call.shown["messages"][5].prev[-1] == first.content[-1].s
    assert str(report.claims[ClaimName.CONTEXT].answer) == "yes"


@pytest.mark.parametrize("typed", [True, False])
def test_a_reference_alone_leads_to_its_braid(tmp_path: Path, typed: bool) -> None:
    with proxied(answering, tmp_path) as braid:
        first, said = ask(braid, [user(QUESTION)])
    with proxied(answering, tmp_path) as braid:  # and after a restart
        reference = pointing(said.output[1])
        if not typed:
            del reference["type"]
        call, _ = ask(braid, [reference, user("And then?")])
        braid.story()
    assert call.by == "evidence" and "truncated" in call.history
    assert call.shown["messages"][0] == first.content[2]


def test_of_answers_that_use_an_id_again_the_newest_counts(tmp_path: Path) -> None:
    """Servers that speak like OpenAI's may count their items from nought in every answer."""

    def counting(asked: Asked) -> Reply:
        return response(asked, {**message(f"Answer {asked.number}."), "id": "msg_0"})

    with proxied(counting, tmp_path) as braid:
        ask(braid, [user(QUESTION)])
        _, said = ask(braid, [user("And another?")])
        call, _ = ask(braid, [user("And another?"), pointing(said.output[0]), user("So?")])
    words = [node.text for node in call.shown["messages"]]
    assert words == ["And another?", "Answer 1.", "So?"]


def test_of_one_braid_too(tmp_path: Path) -> None:
    def counting(asked: Asked) -> Reply:
        return response(asked, {**message(f"Answer {asked.number}."), "id": "msg_0"})

    with proxied(counting, tmp_path) as braid:
        _, said = ask(braid, [user(QUESTION)])
        talk = [user(QUESTION), said.output[0].to_dict(), user("And then?")]
        _, second = ask(braid, talk)
        call, _ = ask(braid, [*talk, pointing(second.output[0]), user("So?")])
        assert len(braid.braids()) == 1
    words = [node.text for node in call.shown["messages"]]
    assert words == [QUESTION, "Answer 0.", "And then?", "Answer 1.", "So?"]


def test_what_nobody_knows_is_partial(tmp_path: Path) -> None:
    """Also what the provider was told not to keep: then it cannot be pointed to."""
    with proxied(answering, tmp_path) as braid:
        _, said = ask(braid, [user(QUESTION)], store=False)
        for name in (said.output[1].id, "msg_elsewhere"):
            call, _ = ask(braid, [user(QUESTION), {"type": "item_reference", "id": name}])
            assert call.node.value["context"]["partial"] is True
            assert call.shown["messages"][1].attrs["type"] == "item_reference"


def test_another_tenant_points_to_nothing(tmp_path: Path) -> None:
    with proxied(answering, tmp_path, {"one": "t" * 24, "two": "u" * 24}) as braid:
        _, said = ask(braid, [user(QUESTION)])
        given: Any = [user(QUESTION), pointing(said.output[1])]
        with braid.openai() as client:
            client.responses.create(
                model=MODEL, input=given, extra_headers={"x-braid-token": "u" * 24}
            )
        assert len(braid.braids()) == 1  # of its own: it sees no other


def test_an_item_put_where_it_was_not_given_is_moved(tmp_path: Path) -> None:
    with proxied(answering, tmp_path, reject_history=False) as braid:
        _, said = ask(braid, [user(QUESTION)])
        _, other = ask(braid, [user("Something else entirely, please.")])
        call, _ = ask(
            braid,
            [
                user(QUESTION),
                *map(pointing, said.output[:2]),
                user("Go on."),
                pointing(other.output[0]),
                user("?"),
            ],
        )
    assert "moved" in call.history


def test_what_was_compacted_by_itself_leads_on(tmp_path: Path) -> None:
    """`/responses/compact` answers with the client's words and one sealed item."""
    with proxied(answering, tmp_path) as braid:
        _, said = ask(braid, [user(QUESTION)])
        with braid.openai() as client:
            compacted = client.responses.with_raw_response.compact(
                model=MODEL,
                input=[user(QUESTION), *said.output, user("Go on.")],  # type: ignore[list-item]
            )
        listed, sealed = json.loads(compacted.text)["output"]
        call, more = ask(braid, [listed, sealed, user("And then?")])
        again, _ = ask(braid, [listed, sealed, user("And then?"), *more.output, user("So?")])
        alone, _ = ask(braid, [sealed, user("Only that.")])
        story = braid.story()
        report = braid.report(story.braid)
    assert [one.by for one in (call, again, alone)] == ["evidence", "prefix", "evidence"]
    assert call.history[0] == again.history[0] == alone.history[0] == "continued"
    assert str(report.claims[ClaimName.HISTORY].answer) == "yes"
    # The item itself is the provider's; what stood beside it is the client's.
    (item,) = story.calls[1].content
    assert item in call.shown["messages"] and item in alone.shown["messages"]


def checked(braid: Proxied, *given: Any) -> HistoryCheck:
    """Check a request against the only braid there is, with no store."""
    (name,) = braid.braids()
    body = json.dumps({"model": MODEL, "input": given}).encode()
    return check_history(braid.get(f"/braid/v1/braids/{name}"), body, "openai-responses")


def test_what_is_pointed_to_is_checked_before_sending(tmp_path: Path) -> None:
    with proxied(answering, tmp_path) as braid:
        first, said = ask(braid, [user(QUESTION)])
        result = {"type": "function_call_output", "call_id": said.output[2].call_id, "output": "1"}  # type: ignore[union-attr]
        items = [pointing(item) for item in said.output]
        found = checked(braid, user(QUESTION), *items, result, user("And then?"))
        known = [one.node for one in found.blocks if one.standing is Standing.GENUINE]
        assert found.genuine and known == [node.s for node in first.content]
        assert {one.code for one in found.findings} == set()
        # It stands where it was given, or it is moved; and twice nowhere.
        thought, message = items[:2]
        moved = checked(braid, user(QUESTION), thought, user("Go on."), message, user("?"))
        assert "moved" in {one.code for one in moved.findings} and not moved.genuine
        twice = checked(braid, user(QUESTION), thought, message, message, user("?"))
        assert [one.standing for one in twice.blocks][4:] == [Standing.NEW] * 2
        elsewhere = {"type": "item_reference", "id": "msg_elsewhere"}
        unknown = checked(braid, user(QUESTION), elsewhere, user("?"))
        assert [one.standing for one in unknown.blocks][1:] == [Standing.NEW] * 2


def test_what_was_not_kept_is_not_known_by_its_id(tmp_path: Path) -> None:
    with proxied(answering, tmp_path) as braid:
        _, said = ask(braid, [user(QUESTION)], store=False)
        found = checked(braid, user(QUESTION), pointing(said.output[1]))
        assert [one.standing for one in found.blocks][1:] == [Standing.NEW]


def test_an_item_that_is_named_twice_stands_once(tmp_path: Path) -> None:
    """A name is short, and what it names is not: no request is to grow without end."""
    with proxied(answering, tmp_path) as braid:
        _, said = ask(braid, [user(QUESTION)])
        twice = [pointing(said.output[1])] * 2
        call, _ = ask(braid, [user(QUESTION), *twice, user("And then?")])
    kinds = [node.kind for node in call.shown["messages"]]
    assert kinds == ["prompt", "text", "other", "prompt"]
    assert call.node.value["context"]["partial"] is True
