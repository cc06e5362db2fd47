"""Resent history in the shapes that SDK users and other honest clients give it, and in false ones."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakes.provider import MODEL, Asked, Reply, event, reply, text, thinking, tool_use
from fakes.proxied import Proxied, proxied
from fakes.story import Call, Story

TOOL: Any = {
    "name": "book",
    "description": "Books a table.",
    "input_schema": {"type": "object", "properties": {"index": {"type": "integer"}}},
    "cache_control": {"type": "ephemeral"},
}
SIGNATURE = "RXZlcnkgc2lnbmF0dXJlIGlzIG1hZGUgdXA="
LARGE = 2**53 + 1
ANSWER = (
    thinking("They want a table.", SIGNATURE),
    text("I will book a table. "),
    tool_use("book", {"people": 4.0, "price": 1.10, "id": LARGE, "note": None}, "toolu_book"),
)
QUESTION = "A table for four, please."
RESULT = "Booked."


def answering(asked: Asked) -> Reply:
    if asked.number == 0:
        return reply(asked, *ANSWER)
    return reply(asked, text('{"table": 7, "sure": true}'))


class Conversation:
    """Two turns done; what the third request says is the test's."""

    def __init__(self, braid: Proxied) -> None:
        self._braid = braid
        with braid.client() as client:
            self.first = client.messages.create(**self.ask([self._question()]))
            self.messages: list[Any] = [
                self._question(),
                {"role": "assistant", "content": self.first.content},
                self._result(),
            ]
            self.second = client.messages.create(**self.ask(self.messages))
        self.messages.append({"role": "assistant", "content": self.second.content})
        self.messages.append({"role": "user", "content": "Thanks. Which one?"})

    @staticmethod
    def ask(messages: list[Any]) -> Any:
        return {
            "model": MODEL,
            "max_tokens": 10,
            "system": [
                {"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}}
            ],
            "tools": [TOOL],
            "messages": messages,
        }

    @staticmethod
    def _question() -> Any:
        return {"role": "user", "content": QUESTION}

    @staticmethod
    def _result() -> Any:
        result = {"type": "tool_result", "tool_use_id": "toolu_book", "content": RESULT}
        return {"role": "user", "content": [result]}

    def plain(self) -> list[Any]:
        """The history as JSON values that a test may change."""
        return [
            {
                "role": turn["role"],
                "content": turn["content"]
                if isinstance(turn["content"], str)
                else [
                    block if isinstance(block, dict) else block.model_dump(exclude_none=True)
                    for block in copy.deepcopy(turn["content"])
                ],
            }
            for turn in self.messages
        ]

    def third(self, messages: list[Any], **other: Any) -> tuple[list[Story], Call]:
        """Send the third request; give all braids, and the call it became."""
        with self._braid.client() as client:
            raw = client.messages.with_raw_response.create(**{**self.ask(messages), **other})
        stories = self._braid.stories()
        (call,) = [
            call
            for story in stories
            for call in story.calls
            if call.id == raw.headers["x-braid-call"]
        ]
        return stories, call


Change = Callable[[list[Any]], None]


def moved_cache_control(messages: list[Any]) -> None:
    messages[2]["content"][0]["cache_control"] = {"type": "ephemeral"}
    messages[3]["content"][0]["cache_control"] = {"type": "ephemeral"}


def blocks_for_strings(messages: list[Any]) -> None:
    messages[0]["content"] = [{"type": "text", "text": messages[0]["content"]}]
    messages[2]["content"][0]["content"] = [{"type": "text", "text": RESULT}]


def strings_for_blocks(messages: list[Any]) -> None:
    (said,) = messages[3]["content"]
    messages[3]["content"] = said["text"]


def nulls(messages: list[Any]) -> None:
    messages[1]["content"][1]["citations"] = None
    messages[1]["content"][2]["caller"] = None
    messages[2]["content"][0]["cache_control"] = None


def javascript_numbers(messages: list[Any]) -> None:
    messages[1]["content"][2]["input"] |= {"people": 4, "price": 1.1}


def members_in_another_order(messages: list[Any]) -> None:
    for turn in messages:
        if not isinstance(turn["content"], str):
            turn["content"] = [dict(reversed(block.items())) for block in turn["content"]]
    call = messages[1]["content"][2]
    call["input"] = dict(reversed(call["input"].items()))


def errors_said_to_be_none(messages: list[Any]) -> None:
    messages[2]["content"][0]["is_error"] = False


def split_messages(messages: list[Any]) -> None:
    turn = messages[1]
    messages[1:2] = [{"role": "assistant", "content": [block]} for block in turn["content"]]


def nothing(messages: list[Any]) -> None:
    pass


@pytest.mark.parametrize(
    "change",
    [
        nothing,
        moved_cache_control,
        blocks_for_strings,
        strings_for_blocks,
        nulls,
        javascript_numbers,
        members_in_another_order,
        errors_said_to_be_none,
        split_messages,
    ],
)
def test_the_same_in_another_shape_is_the_same(tmp_path: Path, change: Change) -> None:
    with proxied(answering, tmp_path) as braid:
        conversation = Conversation(braid)
        messages = conversation.plain()
        change(messages)
        (story,), call = conversation.third(messages)
    assert (call.by, call.history) == ("prefix", ["continued"])
    *before, question = call.shown["messages"]
    second = story.calls[1]
    assert before == [*second.shown["messages"], *second.content]
    assert question.text == "Thanks. Which one?"


def dropped_thinking(messages: list[Any]) -> None:
    del messages[1]["content"][0]


def dropped_text_beside_a_call(messages: list[Any]) -> None:
    del messages[1]["content"][1]


@pytest.mark.parametrize("change", [dropped_thinking, dropped_text_beside_a_call])
def test_what_was_left_out_is_remarked(tmp_path: Path, change: Change) -> None:
    with proxied(answering, tmp_path) as braid:
        conversation = Conversation(braid)
        messages = conversation.plain()
        change(messages)
        (story,), call = conversation.third(messages)
    assert (call.by, call.history) == ("prefix", ["continued", "elided"])
    second = story.calls[1]
    known = [*second.shown["messages"], *second.content]
    *before, _ = call.shown["messages"]
    assert len(before) == len(known) - 1
    assert before == [node for node in known if node in before]


def trimmed_text(messages: list[Any]) -> None:
    messages[1]["content"][1]["text"] = "I will book a table."


def json_spaced_anew(messages: list[Any]) -> None:
    messages[3]["content"][0]["text"] = '{"table":7,"sure":true}'


def rounded_integers(messages: list[Any]) -> None:
    messages[1]["content"][2]["input"]["id"] = 2**53


def unsigned_thinking(messages: list[Any]) -> None:
    messages[1]["content"][0]["signature"] = ""


def omitted_thinking(messages: list[Any]) -> None:
    messages[1]["content"][0]["thinking"] = ""


def split_text(messages: list[Any]) -> None:
    words = messages[3]["content"][0]["text"]
    messages[3]["content"] = [text(words[:9]), text(words[9:])]


@pytest.mark.parametrize(
    "change",
    [
        trimmed_text,
        json_spaced_anew,
        rounded_integers,
        unsigned_thinking,
        omitted_thinking,
        split_text,
    ],
)
def test_another_spelling_is_kept_with_what_it_spells(tmp_path: Path, change: Change) -> None:
    with proxied(answering, tmp_path) as braid:
        conversation = Conversation(braid)
        messages = conversation.plain()
        change(messages)
        (story,), call = conversation.third(messages)
        # Sent again, the client's own spelling is known.
        again = [*messages, {"role": "assistant", "content": call.content[0].text}]
        (_,), fourth = conversation.third([*again, {"role": "user", "content": "Good."}])
    assert (call.by, call.history) == ("prefix", ["continued", "variant"])
    variants = [node for node in call.shown["messages"] if "variant_of" in node.attrs]
    assert variants
    for node in variants:
        spelled = story[node.attrs["variant_of"]]
        assert (spelled.kind, spelled.origin, node.origin) == (node.kind, "provider", "client")
        assert spelled.s not in [shown.s for shown in call.shown["messages"]]
        assert (spelled.content, spelled.attrs.get("signature")) != (
            node.content,
            node.attrs.get("signature"),
        )
    assert (fourth.by, fourth.history) == ("prefix", ["continued"])


def edited_text(messages: list[Any]) -> None:
    messages[3]["content"][0]["text"] = '{"table": 8, "sure": true}'


def edited_input(messages: list[Any]) -> None:
    messages[1]["content"][2]["input"]["people"] = 5


def edited_flag(messages: list[Any]) -> None:
    messages[1]["content"][2]["input"]["people"] = True


def edited_thinking(messages: list[Any]) -> None:
    messages[1]["content"][0]["thinking"] = "They want two tables."


def another_signature(messages: list[Any]) -> None:
    messages[1]["content"][0]["signature"] = "QW5vdGhlcg=="


def edited_result(messages: list[Any]) -> None:
    messages[2]["content"][0]["content"] = "Not booked."


def failed_result(messages: list[Any]) -> None:
    messages[2]["content"][0]["is_error"] = True


def edited_question(messages: list[Any]) -> None:
    messages[0]["content"] = "A table for two, please."


def swapped_words(messages: list[Any]) -> None:
    first, second = messages[1]["content"], messages[3]["content"]
    first[1], second[0] = second[0], first[1]


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        (edited_text, "edited", 4),  # where in the messages, and what was made of it
        (edited_input, "edited", 3),
        (edited_flag, "edited", 3),
        (edited_thinking, "edited_thinking", 1),
        (another_signature, "edited", 1),
        (edited_result, "edited_result", 4),
        (failed_result, "edited_result", 4),
        (edited_question, "forked", 0),
        (edited_question, "moved", 1),
        (swapped_words, "moved", 2),
    ],
)
def test_what_says_something_else_is_named_with_what_it_was(
    tmp_path: Path, change: Change, code: str, place: int
) -> None:
    with proxied(answering, tmp_path) as braid:
        conversation = Conversation(braid)
        messages = conversation.plain()
        change(messages)
        (story,), call = conversation.third(messages)
        report = braid.report(story.braid)
    if change is edited_text:
        place = 5
    second = story.calls[1]
    known = [*second.shown["messages"], *second.content]
    shown = call.shown["messages"]
    # Both versions are in the braid; what is false is the client's word.
    entries = call.entries(code)
    assert [story[entry["was"]] for entry in entries if "was" in entry][:1] in (
        [known[place]],
        [known[5]],
    )
    for entry in entries:
        assert story[entry["node"]].origin == "client"
        assert story[entry["node"]] in shown
    # Whatever is shown as the provider's is what it said, where it said it.
    kept = [node for node in shown if node.origin == "provider"]
    assert kept == [node for node in known if node in kept]
    assert f"history.{code}" in {finding.code for finding in report.findings}


def test_a_question_alone_is_no_history(tmp_path: Path) -> None:
    """A prefix needs a block of the provider's: shared prompts place nobody on a braid."""
    with (
        proxied(lambda asked: reply(asked, text("Seven.")), tmp_path) as braid,
        braid.client() as client,
    ):
        ask: Any = {"model": MODEL, "max_tokens": 9}
        question: Any = {"role": "user", "content": QUESTION}
        client.messages.create(**ask, messages=[question])
        for said in ([text("")], [thinking("", "")], [text("Something else.")]):
            turn: Any = {"role": "assistant", "content": said}
            client.messages.create(**ask, messages=[question, turn, question])
        stories = braid.stories()
    assert [call.by for story in stories for call in story.calls] == ["new"] * 4


def test_a_tool_swapped_under_its_name_is_remarked(tmp_path: Path) -> None:
    """Also where only a parameter differs that is named as what clients move about."""
    swapped = {**TOOL, "input_schema": {"type": "object", "properties": {}}}
    with proxied(answering, tmp_path) as braid:
        conversation = Conversation(braid)
        (_,), call = conversation.third(conversation.plain(), tools=[swapped])
    assert call.history == ["continued", "tool_reworded"]
    (tool,) = call.shown["tools"]
    assert tool.value == swapped


def test_another_system_prompt_is_remarked(tmp_path: Path) -> None:
    with proxied(answering, tmp_path) as braid:
        conversation = Conversation(braid)
        (_,), call = conversation.third(conversation.plain(), system="Be rude.")
        (_,), back = conversation.third(conversation.plain(), system="Be kind.")
    assert call.history == ["continued", "system_changed"]
    assert [node.text for node in call.shown["system"]] == ["Be rude."]
    assert back.history == ["continued", "forked"]


@pytest.mark.parametrize("joined", [True, False], ids=["joined", "apart"])
def test_an_answer_that_goes_on_from_a_prefill(tmp_path: Path, joined: bool) -> None:
    with (
        proxied(lambda asked: reply(asked, text("is seven.")), tmp_path) as braid,
        braid.client() as client,
    ):
        begun: list[Any] = [
            {"role": "user", "content": "Table?"},
            {"role": "assistant", "content": "It"},
        ]
        ask: Any = {"model": MODEL, "max_tokens": 9}
        client.messages.create(**ask, messages=begun)
        whole: list[Any] = [text("It is seven.")] if joined else [text("It"), text("is seven.")]
        further: list[Any] = [begun[0], {"role": "assistant", "content": whole}]
        client.messages.create(**ask, messages=[*further, {"role": "user", "content": "Sure?"}])
        first, second = braid.story().calls
    words, prefill = first.shown["messages"]
    assert (words.kind, prefill.kind, prefill.origin) == ("prompt", "text", "client")
    assert second.history == (["continued", "variant"] if joined else ["continued"])


def test_a_tool_input_that_broke_off_comes_back_as_far_as_it_could_be_read(tmp_path: Path) -> None:
    def answering(asked: Asked) -> Reply:
        if asked.number:
            return reply(asked, text("Understood."))
        whole = reply(asked, tool_use("book", {}, "toolu_cut"), stop="max_tokens")
        broken = event(
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {
                    "type": "input_json_delta",
                    "partial_json": '{"people": 4, "note": "by t',
                },
            }
        )
        body = whole.body.replace(
            b"event: content_block_stop", broken + b"event: content_block_stop"
        )
        body = body.replace(b'"partial_json":"{}"', b'"partial_json":""')
        return Reply(body, headers=whole.headers)

    ask: Any = {"model": MODEL, "max_tokens": 9, "tools": [TOOL]}
    with proxied(answering, tmp_path) as braid, braid.client() as client:
        question: Any = {"role": "user", "content": QUESTION}
        with client.messages.stream(**ask, messages=[question]) as stream:
            said = stream.get_final_message()
        assert said.content[0].input == {"people": 4}  # type: ignore[union-attr]
        result: Any = {"type": "tool_result", "tool_use_id": "toolu_cut", "content": "Cut off."}
        client.messages.create(
            **ask,
            messages=[
                question,
                {"role": "assistant", "content": said.content},
                {"role": "user", "content": [result]},
            ],
        )
        first, second = braid.story().calls
    assert first.content[0].text == '{"people": 4, "note": "by t'
    assert second.history == ["continued", "variant"]
    assert second.shown["messages"][1].value == {"people": 4}
