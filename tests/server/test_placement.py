"""Placing requests: a conversation goes on in its braid, and nobody else's does (SPEC §8.3)."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from braid.call import CallOutcome
from braid_server.call_record import CallRecord
from fakes.desk import (
    START,
    Clock,
    Desk,
    ask,
    assistant,
    text,
    thinking,
    tool_result,
    tool_use,
    user,
)
from fakes.story import Call, Node

TOOL = {"name": "look", "description": "Look.", "input_schema": {"type": "object"}}


@pytest.fixture
def desk(folder: Path) -> Iterator[Desk]:
    with Desk(folder) as opened:
        yield opened
        for braid in opened.braids():
            opened.verified(braid)


def words(nodes: list[Node]) -> list[str]:
    return [node.text for node in nodes]


def shown(desk: Desk, call: CallRecord) -> list[str]:
    return words(desk.told(call).shown["messages"])


def placed(desk: Desk, call: CallRecord) -> tuple[str, list[str]]:
    told = desk.told(call)
    return told.by, told.history


def test_a_first_request_begins_a_braid(desk: Desk) -> None:
    call = desk.turn(ask("hello", system="be brief", tools=[TOOL]), "hi")
    story = desk.story(call.braid)
    assert placed(desk, call) == ("new", [])
    kinds = [node.kind for node in story.nodes]
    assert kinds == ["system", "tools", "prompt", "params", "call", "text", "end"]
    # Blocks chain in wire order; the call names the last of them, then its parameters.
    assert [node.prev[:1] for node in story.nodes[1:3]] == [[story.nodes[0].s], [story.nodes[1].s]]
    assert story.nodes[4].prev == [story.nodes[2].s, story.nodes[3].s]


def test_a_conversation_that_is_resent_goes_on_in_its_braid(desk: Desk) -> None:
    first = desk.turn(ask("one"), "two")
    second = desk.turn(ask("one", "two", "three"), "four")
    third = desk.turn(ask("one", "two", "three", "four", "five"), "six")
    assert first.braid == second.braid == third.braid
    assert placed(desk, third) == ("prefix", ["continued"])
    assert shown(desk, third) == ["one", "two", "three", "four", "five"]
    story = desk.story(first.braid)
    # What was known is named and not recorded again; what is new hangs on the end before it.
    assert words([n for n in story.nodes if n.kind in ("prompt", "text")]) == [
        "one", "two", "three", "four", "five", "six",
    ]  # fmt: skip
    told = desk.told(second)
    assert told.shown["messages"][1].origin == "provider"
    end = desk.told(first).end
    assert end is not None and told.shown["messages"][2].prev == [end.s]


SPELLINGS: dict[str, Any] = {
    "a list of one text": assistant("two"),
    "cache_control on the newest": assistant(
        {**text("two"), "cache_control": {"type": "ephemeral"}}
    ),
    "nulls": assistant({**text("two"), "citations": None}),
    "an empty text beside": assistant("two", ""),
    "thinking kept": assistant(thinking("hmm"), "two"),
    "thinking dropped": "two",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_a_resent_answer_is_known_in_the_spellings_of_clients(desk: Desk, spelling: Any) -> None:
    first = desk.turn(ask("one"), thinking("hmm"), "two")
    second = desk.turn(ask(user("one"), spelling, "three"), "four")
    assert second.braid == first.braid
    by, history = placed(desk, second)
    assert (by, history[0]) == ("prefix", "continued")
    node = next(node for node in desk.told(second).shown["messages"] if node.text == "two")
    assert node.origin == "provider"


def test_a_tool_result_names_the_use_it_answers(desk: Desk) -> None:
    use = tool_use("toolu_1", number=1.10)
    first = desk.turn(ask("look", tools=[TOOL]), thinking("hmm"), use)
    resent = copy.deepcopy(use) | {"input": {"number": 1.1}}
    second = desk.turn(
        ask("look", assistant(resent), user(tool_result("toolu_1", "seen")), tools=[TOOL]), "done"
    )
    assert second.braid == first.braid
    result = desk.told(second).shown["messages"][-1]
    end = desk.told(first).end
    use_node = desk.told(first).answer[-1]
    assert end is not None and result.prev == [end.s, use_node.s]
    assert placed(desk, second) == ("prefix", ["continued", "elided"])


def test_a_result_that_comes_first_names_its_use_once(desk: Desk) -> None:
    """A provider's own result follows its use directly: one link says both."""
    result = {
        "type": "web_search_tool_result",
        "tool_use_id": "srv_1",
        "content": [{"type": "web_search_result", "url": "https://example.org"}],
    }
    server_use = {**tool_use("srv_1"), "type": "server_tool_use"}
    call = desk.turn(ask("search"), server_use, result, "found")
    use, came, _ = desk.told(call).answer
    assert (came.kind, came.origin, came.prev) == ("tool_result", "provider", [use.s])


def test_dropped_thinking_is_said_and_kept_apart(desk: Desk) -> None:
    first = desk.turn(ask("one"), thinking("hmm"), "two")
    dropped = desk.turn(ask("one", "two", "three"), "four")
    kept = desk.turn(ask("one", assistant(thinking("hmm"), "two"), "three"), "four")
    assert first.braid == dropped.braid == kept.braid
    assert placed(desk, dropped) == ("prefix", ["continued", "elided"])
    assert shown(desk, dropped) == ["one", "two", "three"]
    assert placed(desk, kept) == ("prefix", ["continued", "forked"])
    assert shown(desk, kept) == ["one", "hmm", "two", "three"]


def test_an_answer_that_says_more_than_its_content_goes_on(desk: Desk) -> None:
    first = desk.open(ask("one"))
    desk.answer(first, "two", stop_sequence="!", container={"id": "container_1"})
    second = desk.turn(ask("one", "two", "three"), "four")
    assert second.braid == first.braid
    assert placed(desk, second) == ("prefix", ["continued"])
    assert shown(desk, second) == ["one", "two", "three"]
    assert [node.kind for node in desk.told(first).answer] == ["text", "other"]


def test_shared_opening_words_never_share_a_braid(desk: Desk) -> None:
    calls = [desk.turn(ask("hello", system="be brief"), f"answer {n}") for n in range(3)]
    calls.append(desk.turn(ask("hello", "an answer of someone else", "and now?"), "now"))
    calls.append(desk.turn(ask("hello", "answer", "and now?"), "now"))
    assert len({call.braid for call in calls}) == 5
    assert {placed(desk, call)[0] for call in calls} == {"new"}


@pytest.mark.parametrize(
    "else_said", [assistant(thinking("else", "b3RoZXI"), ""), assistant(""), assistant()]
)
def test_an_answer_nobody_needs_to_resend_gathers_no_strangers(desk: Desk, else_said: Any) -> None:
    first = desk.turn(ask("hello"), thinking("hmm"))
    stranger = desk.turn(ask("hello", else_said, "more"), "words")
    assert stranger.braid != first.braid
    resent = desk.turn(ask("hello", assistant(thinking("hmm")), "more"), "words")
    assert resent.braid == first.braid


@pytest.fixture
def selects() -> Iterator[list[str]]:
    """The queries that are made meanwhile, whoever makes them."""
    made: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if statement.startswith("SELECT"):
            made.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    yield made
    sa.event.remove(sa.Engine, "before_cursor_execute", note)


class TestLongConversations:
    """What is looked up to place a request does not grow with it where one word was changed."""

    TURNS = 40

    @pytest.fixture
    def said(self, desk: Desk) -> list[Any]:
        said: list[Any] = []
        for n in range(self.TURNS):
            said.append(user(f"question {n}"))
            content = [thinking(f"hmm {n}", f"c2ln{n:04}"), text(f"answer {n}")]
            desk.turn(ask(*said), *content)
            said.append(assistant(*content))
        return said

    def ask_again(self, desk: Desk, said: list[Any], selects: list[str]) -> tuple[CallRecord, int]:
        selects.clear()
        call = desk.open(ask(*said, "and now?"))
        count = len(selects)
        desk.answer(call, "now")
        return call, count

    @pytest.mark.parametrize("turn", [1, 2, 20, TURNS - 1])
    def test_an_edited_answer_is_placed_before_it(
        self, desk: Desk, said: list[Any], selects: list[str], turn: int
    ) -> None:
        honest, cost = self.ask_again(desk, said, selects)
        edited = list(said)
        edited[2 * turn + 1] = assistant("what nobody said")
        call, edited_cost = self.ask_again(desk, edited, selects)
        assert edited_cost <= 2 * cost + 4
        assert call.braid == honest.braid
        shown = desk.told(call).shown["messages"]
        origins = [node.origin for node in shown if node.kind == "text"]
        # What was said after it is known all the same.
        origins.pop(turn)
        assert (words(shown)[-1], set(origins)) == ("and now?", {"provider"})
        told = desk.told(call)
        (edit,) = told.entries("edited")
        story = desk.story(call.braid)
        assert story[edit["was"]].text == f"answer {turn}"
        assert (story[edit["node"]].text, story[edit["node"]].origin) == (
            "what nobody said",
            "client",
        )

    def test_a_first_answer_that_was_edited_is_found(
        self, desk: Desk, said: list[Any], selects: list[str]
    ) -> None:
        honest, cost = self.ask_again(desk, said, selects)
        call, edited_cost = self.ask_again(
            desk, [said[0], assistant("what nobody said"), *said[2:]], selects
        )
        assert call.braid == honest.braid
        assert placed(desk, call) == ("prefix", ["continued", "elided", "edited"])
        assert edited_cost <= 2 * cost + 4

    def test_what_was_left_out_is_not_read(
        self, desk: Desk, said: list[Any], selects: list[str]
    ) -> None:
        honest, cost = self.ask_again(desk, said, selects)
        for at in range(1, len(said) - 1, 2):
            said[at] = assistant(*said[at]["content"][:1])
        call, left_out = self.ask_again(desk, said, selects)
        assert left_out == cost
        assert (call.braid, placed(desk, call)[1][:2]) == (honest.braid, ["continued", "elided"])

    def test_other_spellings_are_read_once(
        self, desk: Desk, said: list[Any], selects: list[str]
    ) -> None:
        honest, cost = self.ask_again(desk, said, selects)
        for at in range(1, len(said), 2):
            said[at] = assistant(f" {said[at]['content'][1]['text']}\n")
        call, spelled = self.ask_again(desk, said, selects)
        assert spelled <= cost + 3 * self.TURNS
        assert call.braid == honest.braid
        assert placed(desk, call)[1] == ["continued", "elided", "variant", "forked"]

    def test_many_twins_that_say_something_else_are_given_up(
        self, desk: Desk, selects: list[str]
    ) -> None:
        said = [f"question {n // 2}" for n in range(40)]
        for twin in range(12):
            for at in range(1, len(said), 2):
                said[at] = f"answer {at} of {twin}"
                if at in (1, 21, 39):
                    desk.turn(ask(*said[:at]), said[at])
        selects.clear()
        for at in range(1, len(said), 2):
            said[at] = "what nobody said"
        call = desk.open(ask(*said, "and now?"))
        assert len(selects) < 200
        assert placed(desk, call) == ("new", ["foreign_before"] * 20)
        desk.answer(call, "now")


def test_open_calls_of_one_opening_are_strangers(desk: Desk) -> None:
    first, second = desk.open(ask("hello")), desk.open(ask("hello"))
    desk.answer(second, "second")
    desk.answer(first, "first")
    assert first.braid != second.braid
    assert desk.turn(ask("hello", "first", "go on"), "x").braid == first.braid
    assert desk.turn(ask("hello", "second", "go on"), "x").braid == second.braid


def test_a_prefix_that_fits_several_braids_is_copied_into_a_new_one(desk: Desk) -> None:
    twins = [desk.turn(ask("hello"), "hi") for _ in range(2)]
    third = desk.turn(ask("hello", "hi", "more"), "words")
    assert len({call.braid for call in (*twins, third)}) == 3
    assert placed(desk, third) == ("prefix", ["copied"])
    told = desk.told(third)
    prompt, answer, more = told.shown["messages"]
    source = desk.told(twins[1])
    assert (answer.text, answer.origin) == ("hi", "client")
    copied = {"braid": twins[1].braid, "node": source.answer[0].s}
    assert answer.attrs["copy_of"] == copied
    assert prompt.attrs["copy_of"]["node"] == source.shown["messages"][0].s
    assert "copy_of" not in more.attrs
    # It was one of several, not closed: nothing is continued.
    assert "link" not in desk.story(third.braid).nodes[0].header
    # The copy is the only one with that third turn.
    fourth = desk.turn(ask("hello", "hi", "more", "words", "and?"), "yes")
    assert fourth.braid == third.braid


def test_a_sealed_conversation_goes_on_in_a_new_braid_that_says_so(desk: Desk) -> None:
    first = desk.turn(ask("one", system="be brief"), thinking("hmm"), "two")
    desk.seal(first.braid)
    second = desk.turn(ask("one", "two", "three", system="be brief"), "four")
    assert second.braid != first.braid
    assert placed(desk, second) == ("prefix", ["copied", "elided"])
    genesis = desk.story(second.braid).nodes[0]
    seal = desk.story(first.braid).nodes[-1]
    assert genesis.header["link"] == [{"braid": first.braid, "node": seal.s, "rel": "continues"}]
    _, answer, _ = desk.told(second).shown["messages"]
    assert answer.attrs["copy_of"] == {
        "braid": first.braid,
        "node": desk.told(first).answer[-1].s,
    }
    third = desk.turn(ask("one", "two", "three", "four", "five", system="be brief"), "six")
    assert third.braid == second.braid
    assert placed(desk, third) == ("prefix", ["continued"])


def test_changed_system_and_tools_are_said(desk: Desk) -> None:
    desk.turn(ask("one", system="be brief", tools=[TOOL]), "two")
    other = {**TOOL, "description": "Look closely."}
    changed = desk.turn(ask("one", "two", "three", system="be long", tools=[other]), "four")
    assert placed(desk, changed) == ("prefix", ["continued", "tool_reworded", "system_changed"])
    told = desk.told(changed)
    assert words(told.shown["system"]) == ["be long"]
    assert [node.value for node in told.shown["tools"]] == [other]
    back = desk.turn(
        ask("one", "two", "three", "four", "five", system="be brief", tools=[TOOL]), "six"
    )
    assert placed(desk, back)[1] == ["continued", "tool_reworded", "system_changed"]
    story = desk.story(back.braid)
    assert words([node for node in story.nodes if node.kind == "system"]) == ["be brief", "be long"]
    dropped = desk.turn(ask("one", "two", "three", "four", "five", "six", "seven"), "eight")
    assert placed(desk, dropped)[1] == ["continued", "aside"]
    assert desk.told(dropped).shown["system"] == []


@pytest.mark.parametrize("member", ["description", "index", "citations", "caller"])
def test_a_tool_whose_parameters_differ_is_another_tool(desk: Desk, member: str) -> None:
    def tool(about: str) -> dict[str, Any]:
        schema = {"type": "object", "properties": {member: {"description": about}}}
        return {"name": "look", "input_schema": schema}

    desk.turn(ask("one", tools=[tool("honest")]), "two")
    swapped = desk.turn(ask("one", "two", "three", tools=[tool("swapped")]), "four")
    assert "tool_reworded" in placed(desk, swapped)[1]
    assert [node.value for node in desk.told(swapped).shown["tools"]] == [tool("swapped")]


def test_an_edited_turn_is_a_strand_of_its_own(desk: Desk) -> None:
    first = desk.turn(ask("one"), "two")
    desk.turn(ask("one", "two", "three"), "four")
    fork = desk.turn(ask("one", "two", "another three"), "another four")
    assert fork.braid == first.braid
    assert shown(desk, fork) == ["one", "two", "another three"]
    end = desk.told(first).end
    assert end is not None and desk.told(fork).shown["messages"][-1].prev == [end.s]


def test_calls_at_once_of_one_conversation_are_strands(desk: Desk) -> None:
    first = desk.turn(ask("one"), "two")
    calls = [desk.open(ask("one", "two", f"three {n}")) for n in range(5)]
    for n, call in reversed(list(enumerate(calls))):
        desk.answer(call, f"four {n}")
    assert {call.braid for call in calls} == {first.braid}
    for n, call in enumerate(calls):
        assert shown(desk, call) == ["one", "two", f"three {n}"]
        assert words(desk.told(call).answer) == [f"four {n}"]
    later = desk.turn(ask("one", "two", "three 3", "four 3", "five"), "six")
    assert shown(desk, later) == ["one", "two", "three 3", "four 3", "five"]


def test_an_interrupted_answer_goes_on_where_it_broke_off(desk: Desk) -> None:
    first = desk.open(ask("one"))
    desk.answer(first, "tw", outcome=CallOutcome.CLIENT_GONE)
    second = desk.turn(ask("one", "tw", "go on"), "two")
    assert second.braid == first.braid
    assert shown(desk, second) == ["one", "tw", "go on"]


class TestRetries:
    def test_a_request_sent_again_is_about_the_first(self, desk: Desk) -> None:
        first = desk.open(ask("one"))
        desk.end(first, CallOutcome.UPSTREAM_CUT)
        again = desk.turn(ask("one"), "two", retry=1)
        third = desk.turn(ask("one"), "two", retry=2)
        assert first.braid == again.braid == third.braid
        told = desk.told(again)
        assert (told.by, told.history) == ("retry", ["continued"])
        assert told.node.about == [desk.told(first).node.s]
        assert desk.told(third).node.about == [desk.told(first).node.s]
        assert shown(desk, again) == ["one"]
        end = desk.told(first).end
        assert end is not None and told.params.prev == [end.s]
        assert told.node.prev == [end.s, told.params.s]

    def test_it_may_come_while_the_first_is_under_way(self, desk: Desk) -> None:
        first = desk.open(ask("one"))
        again = desk.open(ask("one"), retry=1)
        desk.answer(again, "two")
        desk.answer(first, "late")
        assert again.braid == first.braid
        assert desk.told(again).node.prev[0] == desk.told(first).node.s

    def test_it_goes_to_the_one_that_was_left_unanswered(self, desk: Desk) -> None:
        unanswered = desk.open(ask("one"))
        desk.end(unanswered, CallOutcome.NOT_SENT)
        complete = desk.turn(ask("one"), "two")
        assert complete.braid != unanswered.braid
        assert desk.turn(ask("one"), "two", retry=1).braid == unanswered.braid

    def test_what_was_never_heard_of_is_new(self, desk: Desk) -> None:
        assert placed(desk, desk.turn(ask("one"), "two", retry=1)) == ("new", [])

    def test_the_same_words_long_after_are_no_repetition(self, desk: Desk) -> None:
        first = desk.open(ask("one"))
        desk.end(first, CallOutcome.UPSTREAM_CUT)
        desk.clock.advance(minutes=59)
        assert desk.turn(ask("one"), "two", retry=1).braid == first.braid
        desk.clock.advance(minutes=61)
        assert desk.turn(ask("one"), "two", retry=1).braid != first.braid

    def test_another_session_repeats_nothing_here(self, desk: Desk) -> None:
        first = desk.open(ask("one"), session="a")
        desk.end(first, CallOutcome.UPSTREAM_CUT)
        assert desk.turn(ask("one"), "two", retry=1, session="b").braid != first.braid
        assert desk.turn(ask("one"), "two", retry=1, session="a").braid == first.braid

    def test_a_client_that_does_not_say_so_repeats_what_failed_in_its_session(
        self, desk: Desk
    ) -> None:
        """Codex sends the same body again, and no count."""
        first = desk.open(ask("one"), session="a")
        desk.end(first, CallOutcome.ERROR)
        again = desk.turn(ask("one"), "two", session="a")
        told = desk.told(again)
        assert (told.by, told.node.about) == ("retry", [desk.told(first).node.s])
        assert shown(desk, again) == ["one"]
        # What was answered is asked anew.
        assert desk.told(desk.turn(ask("one"), "three", session="a")).by == "session"

    def test_without_a_session_nobody_says_that_it_is_a_repetition(self, desk: Desk) -> None:
        first = desk.open(ask("one"))
        desk.end(first, CallOutcome.ERROR)
        assert desk.turn(ask("one"), "two").braid != first.braid
        under_way = desk.open(ask("one"), session="a")
        assert desk.told(desk.turn(ask("one"), "two", session="a")).by == "session"
        desk.answer(under_way, "late")

    def test_a_sealed_braid_takes_none(self, desk: Desk) -> None:
        first = desk.open(ask("one"))
        desk.end(first, CallOutcome.UPSTREAM_CUT)
        desk.seal(first.braid)
        assert placed(desk, desk.turn(ask("one"), "two", retry=1)) == ("new", [])


class TestSessions:
    def test_a_session_is_one_braid_whatever_is_said(self, desk: Desk) -> None:
        main = desk.turn(ask("one"), "two", session="a")
        title = desk.turn(ask("make a title"), "title", session="a")
        more = desk.turn(ask("one", "two", "three"), "four", session="a")
        assert main.braid == title.braid == more.braid
        assert [placed(desk, call) for call in (main, title, more)] == [
            ("new", []),
            ("session", []),
            ("session", ["continued"]),
        ]
        assert shown(desk, more) == ["one", "two", "three"]
        # What continues nothing hangs on the genesis.
        genesis = desk.story(main.braid).nodes[0]
        assert desk.told(title).shown["messages"][0].prev == [genesis.s]

    def test_sessions_share_no_braid(self, desk: Desk) -> None:
        first = desk.turn(ask("one"), "two", session="a")
        other = desk.turn(ask("one", "two", "three"), "four", session="b")
        assert other.braid != first.braid
        assert placed(desk, other) == ("new", ["foreign_before"])

    def test_a_session_that_is_named_late_or_no_more_contradicts_nothing(self, desk: Desk) -> None:
        first = desk.turn(ask("one"), "two")
        named = desk.turn(ask("one", "two", "three"), "four", session="a")
        assert named.braid == first.braid
        begun = desk.turn(ask("un"), "deux", session="b")
        unnamed = desk.turn(ask("un", "deux", "trois"), "quatre")
        assert unnamed.braid == begun.braid

    def test_a_sealed_session_goes_on_in_a_new_braid(self, desk: Desk) -> None:
        first = desk.turn(ask("one"), "two", session="a")
        desk.seal(first.braid)
        second = desk.turn(ask("one", "two", "three"), "four", session="a")
        assert second.braid != first.braid
        assert placed(desk, second) == ("prefix", ["copied"])
        title = desk.turn(ask("make a title"), "title", session="a")
        assert title.braid == second.braid

    def test_a_sealed_session_without_known_words_begins_anew(self, desk: Desk) -> None:
        first = desk.turn(ask("one"), "two", session="a")
        desk.seal(first.braid)
        assert placed(desk, desk.turn(ask("else"), "x", session="a")) == ("new", [])


def threaded(*messages: Any, on: str) -> dict[str, Any]:
    return ask(*messages, thread={"type": "continue", "previous_message_id": on})


class TestThreads:
    def test_an_answer_named_by_its_id_is_gone_on_from(self, desk: Desk) -> None:
        first = desk.open(ask("one", system="be brief", tools=[TOOL]))
        name = desk.answer(first, thinking("hmm"), "two")
        second = desk.open(threaded("three", on=name))
        later = desk.answer(second, "four")
        assert second.braid == first.braid
        told = desk.told(second)
        assert (told.by, told.history) == ("thread", ["continued"])
        # The provider holds everything so far, thinking, system and tools too.
        assert words(told.shown["messages"]) == ["one", "hmm", "two", "three"]
        assert words(told.shown["system"]) == ["be brief"]
        assert len(told.shown["tools"]) == 1
        assert "partial" not in told.node.value["context"]
        third = desk.turn(threaded("five", on=later), "six")
        assert words(desk.told(third).shown["messages"]) == [
            "one", "hmm", "two", "three", "four", "five",
        ]  # fmt: skip

    def test_an_unknown_one_is_said_to_be_unseen(self, desk: Desk) -> None:
        call = desk.open(threaded("three", on="msg_elsewhere"))
        later = desk.answer(call, "four")
        told = desk.told(call)
        assert (told.by, told.history) == ("new", [])
        assert told.node.value["context"]["partial"] is True
        unseen, said = told.shown["messages"]
        assert (unseen.kind, unseen.value) == ("other", {"continues": "msg_elsewhere"})
        assert (unseen.attrs["unseen"], said.text) == (True, "three")
        # What was not seen stays unseen in every later turn.
        second = desk.turn(threaded("five", on=later), "six")
        assert second.braid == call.braid
        assert desk.told(second).node.value["context"]["partial"] is True

    def test_in_a_session_it_is_found_there(self, desk: Desk) -> None:
        first = desk.open(ask("one"), session="a")
        name = desk.answer(first, "two")
        second = desk.turn(threaded("three", on=name), "four", session="a")
        assert (second.braid, *placed(desk, second)) == (first.braid, "session", ["continued"])
        unknown = desk.turn(threaded("three", on="msg_elsewhere"), "four", session="a")
        assert (unknown.braid, placed(desk, unknown)[0]) == (first.braid, "session")
        assert desk.told(unknown).node.value["context"]["partial"] is True

    def test_of_a_sealed_braid_it_begins_a_new_one_that_says_so(self, desk: Desk) -> None:
        first = desk.open(ask("one"))
        name = desk.answer(first, "two")
        desk.seal(first.braid)
        second = desk.turn(threaded("three", on=name), "four")
        story = desk.story(second.braid)
        assert placed(desk, second) == ("thread", [])
        assert story.nodes[0].header["link"][0]["braid"] == first.braid
        assert desk.told(second).node.value["context"]["partial"] is True

    def test_a_retry_of_an_unseen_one_is_as_partial(self, desk: Desk) -> None:
        first = desk.open(threaded("three", on="msg_elsewhere"))
        desk.end(first, CallOutcome.UPSTREAM_CUT)
        again = desk.turn(threaded("three", on="msg_elsewhere"), "four", retry=1)
        assert placed(desk, again)[0] == "retry"
        assert desk.told(again).node.value["context"]["partial"] is True


def test_an_image_the_proxy_did_not_see_makes_the_context_partial(desk: Desk) -> None:
    image = {"type": "image", "source": {"type": "url", "url": "https://example.org/x.png"}}
    first = desk.open(ask(user("look", image)))
    name = desk.answer(first, "seen")
    for call in (
        first,
        desk.turn(ask(user("look", image), "seen", "more"), "x"),
        desk.turn(threaded("more", on=name), "x"),
    ):
        assert call.braid == first.braid
        assert desk.told(call).node.value["context"]["partial"] is True
    nodes = desk.story(first.braid).nodes
    assert [node.attrs.get("unseen") for node in nodes if node.kind == "other"] == [True]


def test_tenants_never_meet(desk: Desk) -> None:
    first = desk.open(ask("one"), tenant="a", session="s")
    name = desk.answer(first, "two")
    strangers = [
        desk.turn(ask("one", "two", "three"), "four", tenant="b", session="s"),
        desk.turn(ask("one", "two", "three"), "four", tenant="c"),
        desk.turn(threaded("three", on=name), "four", tenant="d"),
        desk.turn(ask("one"), "two", tenant="e", retry=1),
    ]
    assert first.braid not in {call.braid for call in strangers}
    assert {placed(desk, call)[0] for call in strangers} == {"new"}
    assert not any("copy_of" in n.attrs for c in strangers for n in desk.story(c.braid).nodes)


def test_the_store_holds_no_words_to_match_by(desk: Desk) -> None:
    """Marks are keyed: two tenants with one conversation have no value in common."""
    for tenant in ("a", "b"):
        desk.turn(ask("one", "two", "three"), "four", tenant=tenant, session="s")
    with desk.store.read() as reading:
        rows = [
            [node.match for node in reading.nodes_of(number) if node.match is not None]
            for number in (1, 2)
        ]
    assert len(rows[0]) == len(rows[1]) == 4
    assert not set(rows[0]) & set(rows[1])


def test_a_braid_grown_large_is_gone_on_with_in_a_new_one(folder: Path) -> None:
    with Desk(folder, braid_bytes=20_000) as desk:
        first = desk.turn(ask("one"), "two")
        second = desk.turn(ask("one", "two", "word " * 4000), "four")
        third = desk.turn(ask("one", "two", "word " * 4000, "four", "five"), "six")
        assert first.braid == second.braid != third.braid
        assert placed(desk, third) == ("prefix", ["copied"])
        assert desk.story(third.braid).nodes[0].header["link"][0]["braid"] == first.braid
        for braid in desk.braids():
            desk.verified(braid)


def test_a_certificate_that_runs_out_is_followed_by_another_braid(folder: Path) -> None:
    clock = Clock()
    with Desk(folder, clock=clock) as desk:
        first = desk.turn(ask("one"), "two")
        late = desk.open(ask("one", "two", "three"))
        clock.advance(days=365, minutes=1)  # less than a day is left
        second = desk.turn(ask("one", "two", "three"), "four")
        assert late.braid == first.braid != second.braid
        assert placed(desk, second) == ("prefix", ["copied"])
        clock.advance(days=5)
        # What was under way ends in its braid, at the last moment its key could sign.
        desk.answer(late, "late")
        end = desk.told(late).end
        assert end is not None and end.header["time"] == "2027-11-21T09:30:00.000Z"
        desk.seal(first.braid)
        for braid in desk.braids():
            desk.verified(braid)


def test_a_clock_set_back_breaks_nothing(folder: Path) -> None:
    clock = Clock()
    said = ["one"]
    for number, days in enumerate((0, -30, 100, -100)):
        clock.advance(days=days)
        # Also where it is set back while no server runs.
        for part in ("before", "after"):
            with Desk(folder, clock=clock) as desk:
                call = desk.turn(ask(*said), f"answer {number} {part}")
                said += [f"answer {number} {part}", "more"]
    clock.advance(days=-100)
    with Desk(folder, clock=clock) as desk:
        desk.seal(call.braid)
        assert desk.braids() == [call.braid]
        times = [node.header["time"] for node in desk.story(call.braid).nodes]
        assert times == sorted(times)
        report = desk.verified(call.braid)
        assert not [finding for finding in report.findings if finding.code == "W_TIME"]


def test_a_lost_wrapping_key_stops_nothing(folder: Path) -> None:
    with Desk(folder) as desk:
        first = desk.turn(ask("one"), "two")
        left = desk.open(ask("one", "two", "left open"))
    with Desk(folder, wrapping=bytes(32)) as desk:
        assert desk.recorder.recover() == 0
        second = desk.turn(ask("one", "two", "three"), "four")
        assert second.braid != first.braid == left.braid
        for braid in desk.braids():
            desk.verified(braid)
        assert desk.library.info(first.braid).open_calls == 1
    with Desk(folder) as desk:  # and found again
        assert desk.recorder.recover() == 1
        assert desk.turn(ask("one", "two", "three"), "four").braid == first.braid


def test_a_restart_forgets_nothing(folder: Path) -> None:
    calls: list[CallRecord] = []
    said = ["one"]
    for n in range(3):
        with Desk(folder, clock=Clock(START)) as desk:
            calls.append(desk.turn(ask(*said, tools=[TOOL]), thinking("hmm"), f"answer {n}"))
            said += [f"answer {n}", f"question {n}"]
            told: Call = desk.told(calls[-1])
            assert told.by == ("prefix" if n else "new")
            desk.verified(calls[-1].braid)
    assert len({call.braid for call in calls}) == 1
