"""Real traffic of every provider through the real service: what holds whatever the format.

What the blocks of a format mean is `tests/format`'s to say; here each recorded answer has to
be in the record as its reader reads it, and each conversation where it belongs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from braid.call import ORDINARY_HISTORY
from braid.wire.block import Block, Request
from braid_server.parts import parts_of
from braid_server.paths import plain
from braid_server.provider import WireFormat
from braid_server.providers import TABLE
from braid_server.service import Settings, running
from braid_verifier import verify
from fakes.client import Answered, RawClient
from fakes.replay import EVERY, Exchange, Recorded, coded, fetch, recorded, script
from fakes.story import Call, Node, Story
from fakes.upstream import Received, ScriptedUpstream

RECORDINGS = [
    one
    for one in recorded(Path(__file__).resolve().parents[3] / "shared" / "recordings", EVERY)
    if any(each.provider != "anthropic" for each in one.exchanges)
]
ROWS = {row.home.name: row.make(row.home.url) for row in TABLE}

# On how many braids a recording comes to lie, where that is not one: it holds several conversations.
SEVERAL = {
    "openinference--sub-agent-session-id-not-overwritten-by-adk-internal-uuid": 2,
    "chatlas--parallel-chat-multi-turn-tools": 2,
    "crewAI--custom-llm-within-crew": 3,
    "openllmetry--async-parsed-refused-completion": 3,
    "openllmetry--team-discussion": 3,
    "openllmetry--vision": 3,
    "pydantic-ai--multiple-agents": 2,
}
# What the calls of one conversation with Gemini say of the history they were sent, where that is
# not that it goes on: the client made up ids for calls, trimmed, or dropped a thought.
REMARKS = {
    "chatlas--google-web-fetch": [["variant"]],
    "fantasy--testgooglecommon-gemini-2-5-flash-multi-tool-streaming": [["variant"]],
    "fantasy--testgooglecommon-gemini-2-5-pro-multi-tool-streaming": [["variant"]],
    # The client wrote what the provider had found into the result that came without it.
    "pydantic-ai--google-model-file-search-grounding-gemini-3-true": [["edited"]],
    "pydantic-ai--google-streaming-tool-call-thought-signature": [["variant"]],
    "pydantic-ai--multimodal-tool-return-matrix-tool-return-content-url-image-google-vertex": [
        ["variant"]
    ]
    * 3,
    "ruby_llm--function-calling-thought-signatures-gemini-gemini-3-1-pro-preview-includes-thought-signatures-for-to": [
        ["elided", "variant"]
    ],
    "ruby_llm--function-calling-thought-signatures-vertexai-gemini-3-1-pro-preview-includes-thought-signatures-for": [
        ["elided", "variant"]
    ],
    "ruby_llm--with-extended-thinking-vertexai-gemini-3-flash-preview-preserves-thinking-signatures-between-turns-w": [
        ["variant"]
    ],
}
# What is said of clients that did change something, call by call; nobody else is accused.
ACCUSED = {
    # The client wrote what the provider had found into the result that came without it.
    "pydantic-ai--google-model-file-search-grounding-gemini-3-true": [["edited"]],
    # The test that was recorded rewrites an answer, to see what the provider makes of it.
    "pydantic-ai--openai-responses-thinking-with-modified-history": [["edited"], ["edited"]],
}
# Whoever recorded these made typographic quotes and dashes plain in what was sent.
PLAIN = {
    "pydantic-ai--openai-responses-compact-stateful-mode-stream": [["edited"]] * 3,
    "pydantic-ai--openai-responses-phase-streamed-on-part-start": [["edited"]],
}
QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2014": "--"})


@dataclass(frozen=True, slots=True)
class Mode:
    """How answers come, whether paths have the provider's mount, and whether the service stops."""

    coding: str
    size: int | None = None
    mounted: bool = False
    restarts: bool = False

    def __str__(self) -> str:
        pieces = "whole" if self.size is None else f"{self.size}-byte"
        return f"{self.coding}-{pieces}{'-restarted' if self.restarts else ''}"

    def rounds(self) -> list[list[tuple[Recorded, Exchange]]]:
        """All exchanges: those that one run of the service is asked, for each run."""
        if not self.restarts:
            return [[(one, each) for one in RECORDINGS for each in one.exchanges]]
        longest = max(len(one.exchanges) for one in RECORDINGS)
        return [
            [(one, one.exchanges[turn]) for one in RECORDINGS if turn < len(one.exchanges)]
            for turn in range(longest)
        ]


MODES = [
    Mode("identity"),
    Mode("identity", 1, mounted=True),
    Mode("gzip", mounted=True),
    Mode("gzip", 1),
    Mode("identity", restarts=True),
]


@dataclass(frozen=True, slots=True)
class Passed:
    """One exchange as both sides of the proxy saw it."""

    exchange: Exchange
    received: Received
    answered: Answered

    @property
    def form(self) -> WireFormat | None:
        path = self.exchange.path.partition("?")[0]
        return ROWS[self.exchange.provider].format_of(self.exchange.method, path)

    @property
    def request(self) -> Request:
        assert self.form is not None
        return self.form.read_request(
            self.exchange.sent, plain(self.exchange.path.partition("?")[0]), None, ""
        )


@dataclass(frozen=True, slots=True)
class Replayed:
    """One recording after its replay."""

    name: str
    mode: Mode
    passed: list[Passed]
    transcripts: dict[str, bytes]
    root: str

    def calls(self) -> Iterator[tuple[Passed, Call]]:
        stories = {braid: Story(said) for braid, said in self.transcripts.items()}
        for one in self.passed:
            if one.form is not None:
                (braid,) = one.answered.values("x-braid-id")
                (call,) = one.answered.values("x-braid-call")
                yield one, stories[braid].call(call)


@pytest.fixture(scope="module", params=MODES, ids=str)
def replayed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Replayed]:
    """Every recording through one service, each as a tenant of its own."""
    mode: Mode = request.param
    rounds = mode.rounds()
    scripts = [script(each, mode.coding, mode.size) for turn in rounds for _, each in turn]
    folder = tmp_path_factory.mktemp("replay")
    secrets = {one.name: f"secret-of-{number}" for number, one in enumerate(RECORDINGS)}
    passed: dict[str, list[Passed]] = {one.name: [] for one in RECORDINGS}
    with ScriptedUpstream(*scripts) as upstream:
        settings = Settings(
            str(folder / "braid.db"),
            folder / "root",
            folder / "wrapping",
            upstream_anthropic=upstream.url,
            upstream_gemini=upstream.url,
            upstream_openai=upstream.url,
            port=0,
            tokens=secrets,
        )
        for turn in rounds:
            with running(settings) as url:
                port = int(url.rpartition(":")[2])
                for one, exchange in turn:
                    told = send(exchange, mode, port, upstream, secrets[one.name])
                    passed[one.name].append(told)
    with running(settings) as url:
        port = int(url.rpartition(":")[2])
        root = json.loads(fetch(port, "/.well-known/braid-keys"))["keys"][0]["x"]
        return {
            one.name: collect(one.name, mode, passed[one.name], port, secrets[one.name], root)
            for one in RECORDINGS
        }


def send(
    exchange: Exchange, mode: Mode, port: int, upstream: ScriptedUpstream, secret: str
) -> Passed:
    number = len(upstream.requests)
    mount = f"/{exchange.provider}" if mode.mounted else ""
    headers = [*exchange.headers, ("x-braid-token", secret)]
    if exchange.sent:
        headers.append(("content-length", str(len(exchange.sent))))
    with RawClient(port) as client:
        client.request(exchange.method, mount + exchange.path, headers, exchange.sent)
        answered = client.answer()
    return Passed(exchange, upstream.request(number), answered)


def collect(
    name: str, mode: Mode, passed: list[Passed], port: int, secret: str, root: str
) -> Replayed:
    braids = dict.fromkeys(braid for each in passed for braid in each.answered.values("x-braid-id"))
    transcripts = {braid: fetch(port, f"/braid/v1/braids/{braid}", secret) for braid in braids}
    return Replayed(name, mode, passed, transcripts, root)


@pytest.fixture(
    params=[pytest.param(one.name, id=one.name) for one in RECORDINGS]
    or [pytest.param("", marks=pytest.mark.skip(reason="needs the recordings beside the checkout"))]
)
def told(request: pytest.FixtureRequest, replayed: dict[str, Replayed]) -> Replayed:
    name: str = request.param
    return replayed[name]


def test_the_client_gets_what_the_upstream_sent(told: Replayed) -> None:
    for one in told.passed:
        assert one.answered.clean
        assert one.answered.status == one.exchange.status
        assert one.answered.body == coded(one.exchange, told.mode.coding)
        sent = [(name.lower(), value) for name, value in one.exchange.answer_headers]
        if told.mode.coding != "identity":
            sent.append(("content-encoding", told.mode.coding))
        came = [(name.lower(), value) for name, value in one.answered.headers]
        ours = ("content-length", "transfer-encoding", "x-braid-id", "x-braid-call")
        assert [each for each in came if each[0] not in ours] == sent


def test_the_upstream_gets_what_the_client_sent(told: Replayed) -> None:
    for one in told.passed:
        assert one.received.line == f"{one.exchange.method} {one.exchange.path} HTTP/1.1"
        assert one.received.body == one.exchange.sent
        came = [pair for pair in one.received.headers if pair[0].lower() != "host"]
        length = [("content-length", str(len(one.exchange.sent)))] if one.exchange.sent else []
        assert came == [*one.exchange.headers, *length]


def test_generation_is_recorded_and_nothing_else(told: Replayed) -> None:
    for one in told.passed:
        recorded = len(one.answered.values("x-braid-id")), len(one.answered.values("x-braid-call"))
        assert recorded == ((0, 0) if one.form is None else (1, 1))


def test_every_braid_verifies_and_no_call_is_open(told: Replayed) -> None:
    for braid, transcript in told.transcripts.items():
        report = verify(transcript, roots=[told.root])
        report.require()
        assert (report.braid, report.counts.pending) == (braid, 0)
        assert not [each for each in report.findings if each.code.startswith("W_")]


def test_an_answer_is_recorded_as_it_reads(told: Replayed) -> None:
    for one, call in told.calls():
        assert one.form is not None
        named = {name.lower(): value for name, value in one.exchange.answer_headers}
        reader = one.form.read_answer(
            one.exchange.status, named.get("content-type", ""), one.request
        )
        fed = reader.feed(one.exchange.answer)
        rest, outcome = reader.close()
        read = (*fed.blocks, *rest)
        again = one.request.polls is not None  # and may have been told already
        own = [block for block in read if block.origin == "provider"]
        if again:
            own = [block for block in own if not block.role]
            assert [tell(node) for node in call.answer if "index" not in node.attrs] == (
                said_by(own)
            )
        else:
            assert [tell(node) for node in call.answer] == said_by(own)
        echoes = [node for node in told_beside(told, call) if node.attrs.get("type") == "echo"]
        assert [tell(node) for node in echoes] == said_by(
            [block for block in read if block.origin == "client"]
        )
        assert call.end is not None
        assert call.outcome == ("complete" if one.exchange.status == 200 else "error")
        assert call.end.value["stop_reason"] == outcome.stop_reason
        assert call.end.attrs.get("id") == outcome.id


def told_beside(told: Replayed, call: Call) -> list[Node]:
    for transcript in told.transcripts.values():
        story = Story(transcript)
        if any(node.s == call.node.s for node in story.nodes):
            return [
                node for node in story.nodes if node.kind == "other" and node.prev == [call.node.s]
            ]
    raise AssertionError(call.id)


def said_by(blocks: list[Block]) -> list[object]:
    """What nodes of these blocks say."""
    return [
        (part.kind, part.origin, part.media, part.content, json.loads(part.attrs))
        for block in blocks
        for part in parts_of(block, {"candidate": block.candidate} if block.candidate else None)
    ]


def tell(node: Node) -> object:
    return (node.kind, node.origin, node.header["media"], node.content, node.attrs)


def test_a_call_shows_what_was_sent(told: Replayed) -> None:
    for one, call in told.calls():
        request = one.request
        if request.polls is not None:
            continue
        for name in ("tools", "system", "messages"):
            sent = [str(block.kind) for block in getattr(request, name)]
            nodes = [node for node in call.shown[name] if node.attrs.get("part", 1) == 1]
            shown = [node.kind for node in nodes]
            if request.continues is None or name != "messages":
                assert shown == sent
            else:
                # Before what was sent stands what the provider held, or that it was not seen.
                assert shown[len(shown) - len(sent) :] == sent and len(shown) > len(sent)
        partial = call.node.value["context"].get("partial") is True
        assert partial >= any(
            block.unseen for block in (*request.tools, *request.system, *request.messages)
        )


def test_a_conversation_stays_on_its_braid(told: Replayed) -> None:
    assert len(told.transcripts) == SEVERAL.get(told.name, 1)


def test_an_honest_client_is_accused_of_nothing(told: Replayed) -> None:
    """Translated, trimmed, moved, reprinted, compacted: real clients of every provider."""
    accused = [
        [code for code in call.history if code not in ORDINARY_HISTORY] for _, call in told.calls()
    ]
    expected = ACCUSED.get(told.name, PLAIN.get(told.name, []))
    assert [list(dict.fromkeys(codes)) for codes in accused if codes] == expected
    if told.name not in PLAIN:
        return
    stories = [Story(transcript) for transcript in told.transcripts.values()]
    for _, call in told.calls():
        story = next(one for one in stories if any(n.s == call.node.s for n in one.nodes))
        for edit in call.entries("edited"):
            if "was" not in edit:
                continue  # said of this node before
            assert story[edit["was"]].text.translate(QUOTES) == story[edit["node"]].text


def test_a_conversation_with_gemini_goes_on_and_no_more_is_said(told: Replayed) -> None:
    if {one.exchange.provider for one in told.passed} != {"gemini"}:
        return
    histories = [call.history for _, call in told.calls() if call.by != "new"]
    remarks = REMARKS.get(told.name, [[]] * len(histories))
    assert histories == [["continued", *each] for each in remarks]
    assert len(told.transcripts) + len(histories) == len(list(told.calls()))
