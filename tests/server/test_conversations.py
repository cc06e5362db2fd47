"""Whatever is said in whatever order: the record shows what was sent, and a restart changes nothing."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from braid.call import CallOutcome
from braid_server.call_record import CallRecord
from braid_server.lineages import CACHED_NODES
from fakes.desk import MEMORY, Desk, ask, text, thinking, tool_result, tool_use
from fakes.story import Node, Story, native

OPENINGS = ("hello", "hi")
SYSTEMS: tuple[list[dict[str, Any]], ...] = ([], [text("be brief")], [text("be long")])
TOOLS: tuple[list[dict[str, Any]], ...] = ([], [{"name": "look", "input_schema": {}}])
OUTCOMES = (CallOutcome.COMPLETE, CallOutcome.UPSTREAM_CUT, CallOutcome.CLIENT_GONE)
small = st.integers(0, 5)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens; numbers choose among what there is, whatever it is."""

    what: str
    which: int
    how: int
    words: str


steps = st.builds(
    Step,
    st.sampled_from(
        ["begin", "say", "say", "say", "fork", "retry", "thread", "open", "finish", "seal"]
    ),
    small,
    small,
    st.sampled_from(["a", "b", ""]),
)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a call must show."""

    call: CallRecord
    system: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    messages: list[dict[str, Any]]


@dataclass(slots=True)
class Talk:
    """A conversation as its client keeps it: what it sends, and what an id stands for."""

    turns: list[dict[str, Any]]
    session: str | None
    answer: str | None = None
    held: list[dict[str, Any]] = field(default_factory=list)
    last: Expected | None = None
    asked: dict[str, Any] = field(default_factory=dict)


class Play:
    """A script being played at one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._talks: list[Talk] = []
        self._open: list[tuple[Talk, CallRecord, Step, list[dict[str, Any]]]] = []
        self.expected: list[Expected] = []

    def take(self, step: Step) -> None:
        talk = self._talks[step.which % len(self._talks)] if self._talks else None
        match step.what:
            case "finish" if self._open:
                self._answer(*self._open.pop(step.which % len(self._open)))
            case "seal" if self._desk.braids():
                braids = self._desk.braids()
                self._desk.seal(braids[step.which % len(braids)], interrupt=True)
                self._open = [one for one in self._open if self._desk.told(one[1]).end is None]
            case "say" | "open" if talk is not None:
                self._say(talk, step)
            case "fork" if talk is not None:
                shorter = Talk(talk.turns[:-2] or talk.turns[:1], talk.session)
                self._talks.append(shorter)
                self._say(shorter, step)
            case "retry" if talk is not None and talk.last is not None:
                call = self._desk.open(talk.asked, session=talk.session, retry=1)
                # A thread that was closed meanwhile is begun anew, without what it held.
                if "thread" not in talk.asked or call.braid == talk.last.call.braid:
                    self.expected.append(dataclasses.replace(talk.last, call=call))
                self._desk.end(call, OUTCOMES[1 + step.how % 2])
            case "thread" if talk is not None and talk.answer is not None:
                turn = {"role": "user", "content": step.words or "more"}
                thread = {"type": "continue", "previous_message_id": talk.answer}
                # What a closed braid holds is not had again: something stands for it.
                held = [{"continues": talk.answer}] if self._is_sealed(talk) else talk.held
                self._call(talk, step, [turn], [*held, *blocks([turn])], thread=thread)
            case _:
                opening = {"role": "user", "content": OPENINGS[step.how % 2]}
                session = (None, None, "s", "t")[step.how % 4]
                talk = Talk([opening], session)
                self._talks.append(talk)
                self._call(talk, step, talk.turns, blocks(talk.turns))

    def _is_sealed(self, talk: Talk) -> bool:
        """Whether the answer this talk is about is in a braid that takes no more."""
        story = next(
            story
            for story in map(self._desk.story, self._desk.braids())
            if any(n.kind == "end" and n.attrs.get("id") == talk.answer for n in story.nodes)
        )
        return story.nodes[-1].kind == "seal"

    def _say(self, talk: Talk, step: Step) -> None:
        last = talk.turns[-1]
        if last["role"] == "assistant":
            uses = [one["id"] for one in last["content"] if one["type"] == "tool_use"]
            results = [tool_result(use, step.words) for use in uses]
            content = results or (step.words if step.how % 2 else [text(step.words)])
            talk.turns.append({"role": "user", "content": content})
        turns = [as_resent(turn, step) for turn in talk.turns]
        self._call(talk, step, turns, blocks(turns))

    def _call(
        self,
        talk: Talk,
        step: Step,
        turns: list[dict[str, Any]],
        shown: list[dict[str, Any]],
        **members: Any,
    ) -> None:
        threaded = "thread" in members
        system = [] if threaded else SYSTEMS[step.how % 3]
        tools = [] if threaded else TOOLS[step.how % 2]
        request = ask(*turns, system=system, tools=tools, **members)
        call = self._desk.open(request, session=talk.session)
        if threaded:  # the provider goes on with those it holds, which the chain then names
            told = self._desk.told(call)
            system = [native(node) for node in told.shown["system"]]
            tools = [native(node) for node in told.shown["tools"]]
        talk.last, talk.asked = Expected(call, system, tools, shown), request
        self.expected.append(talk.last)
        if step.what == "open":
            self._open.append((talk, call, step, shown))
        else:
            self._answer(talk, call, step, shown)

    def _answer(self, talk: Talk, call: CallRecord, step: Step, held: list[dict[str, Any]]) -> None:
        answers: list[list[dict[str, Any]]] = [
            [text(f"answer {step.words}")],
            [thinking(f"hmm {step.words}"), text(f"answer {step.words}")],
            [text("look"), tool_use(f"toolu_{step.which}", number=1.0, word=step.words)],
            [thinking("only")],
            [],
        ]
        content = answers[step.how % 5]
        outcome = OUTCOMES[step.which % 3]
        talk.answer = self._desk.answer(call, *content, outcome=outcome)
        talk.held = [*held, *content]
        if content and talk.turns[-1]["role"] == "user":
            talk.turns.append({"role": "assistant", "content": content})


def as_resent(turn: dict[str, Any], step: Step) -> dict[str, Any]:
    """Spell a turn as another client would: thinking dropped, one text as a string."""
    content = turn["content"]
    if turn["role"] == "user" or step.which % 2 or not isinstance(content, list):
        return turn
    kept = [one for one in content if one["type"] != "thinking"]
    if not kept:
        return turn
    if len(kept) == 1 and kept[0]["type"] == "text":
        return {**turn, "content": kept[0]["text"]}
    return {**turn, "content": kept}


def blocks(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say what turns show a model, block by block."""
    said: list[dict[str, Any]] = []
    for turn in turns:
        content = turn["content"]
        said += [text(content)] if isinstance(content, str) else content
    return said


def outline(desk: Desk) -> list[list[object]]:
    """A store without what is random in it: nodes by their places instead of their names."""
    stories = [desk.story(braid) for braid in desk.braids()]
    places = {
        node.s: f"{number}.{seq}"
        for number, story in enumerate(stories)
        for seq, node in enumerate(story.nodes)
    }
    return [[_plain(node, story, places) for node in story.nodes] for story in stories]


def _plain(node: Node, story: Story, places: dict[str, str]) -> object:
    def named(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: named(one) for name, one in value.items() if name != "braid"}
        if isinstance(value, list):
            return [named(one) for one in value]
        return places.get(value, value) if isinstance(value, str) else value

    header = {name: one for name, one in node.header.items() if name not in ("content", "seal")}
    content: Any = node.content
    if node.kind in ("call", "end"):
        content = json.loads(node.content)
        content["body"] = content["body"] and content["body"]["bytes"]
    if node.kind == "call":
        del content["id"]
        # The chain values differ by the signatures in them: what they stand for is compared.
        shown = next(call for call in story.calls if call.node is node).shown
        for name, nodes in shown.items():
            content["context"][name] = [content["context"][name]["add"], [n.s for n in nodes]]
    return named([header, content, node.attrs])


@settings(max_examples=30, deadline=None)
@given(st.lists(steps, min_size=3, max_size=14))
def test_the_record_is_what_was_sent_and_the_same_after_any_restart(script: list[Step]) -> None:
    with ExitStack() as stack:
        plays: list[tuple[Desk, Play]] = []
        for cached_nodes in (CACHED_NODES, 0):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=MEMORY)))
            desk = stack.enter_context(Desk(folder, cached_nodes=cached_nodes))
            plays.append((desk, Play(desk)))
        for step in script:
            for _, play in plays:
                play.take(step)
        (kept, first), (relearned, _) = plays
        assert outline(kept) == outline(relearned)
        for expected in first.expected:
            shown = {
                name: [native(node) for node in nodes]
                for name, nodes in kept.told(expected.call).shown.items()
            }
            assert shown["system"] == expected.system
            assert shown["tools"] == expected.tools
            assert shown["messages"] == expected.messages
        for braid in kept.braids():
            kept.verified(braid)
