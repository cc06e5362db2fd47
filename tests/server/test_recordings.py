"""Real traffic through the real service: relayed byte by byte, recorded whole, verified."""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from braid_server.service import Settings, running
from braid_verifier import verify
from fakes.client import Answered, RawClient
from fakes.desk import MEMORY
from fakes.replay import Exchange, Recorded, coded, fetch, fold, recorded, script
from fakes.story import Call, Story, message, request
from fakes.upstream import Received, ScriptedUpstream

RECORDINGS = recorded(Path(__file__).resolve().parents[3] / "shared" / "recordings")
BY_NAME = {one.name: one for one in RECORDINGS}

# Conversations that do not go on where they honestly could not, by recording and exchange.
# What else than `continued` a call says of the history it was sent.
REMARKS = {
    ("chatlas--data-extraction", 1): ["variant"],  # JSON in a text, spaced anew
    (
        "fantasy--testanthropiccomputeruse-claude-sonnet-4-computer-use-streaming",
        1,
    ): ["elided"],  # the text beside a tool call was dropped
    ("pydantic-ai--anthropic-lazy-advertisement-live", 1): ["tool_added"],
    ("pydantic-ai--anthropic-thinking-agui-0-1-10-drops-prefix", 2): ["elided"],
    # The recorder made typographic quotes and dashes plain in what the provider had found.
    ("pydantic-ai--pause-turn-web-search-streaming-vcr", 1): ["edited"],
}
# What is said of branches and of what came before the record: it accuses nobody.
ORDINARY = {"forked", "foreign_before", "prefill"}


@dataclass(frozen=True, slots=True)
class Mode:
    """How answers come from the upstream, and whether the service stops after each round."""

    coding: str
    size: int | None = None
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
    *(Mode(coding, size) for coding in ("identity", "gzip") for size in (None, 1)),
    Mode("identity", restarts=True),
]


@dataclass(frozen=True, slots=True)
class Passed:
    """One exchange as both sides of the proxy saw it."""

    recorded: Exchange
    received: Received
    answered: Answered

    @property
    def braid(self) -> str:
        (braid,) = self.answered.values("x-braid-id")
        return braid

    @property
    def call(self) -> str:
        (call,) = self.answered.values("x-braid-call")
        return call


@dataclass(frozen=True, slots=True)
class Replayed:
    """One recording after its replay."""

    name: str
    mode: Mode
    passed: list[Passed]
    transcripts: dict[str, bytes]
    root: str

    def story(self, braid: str) -> Story:
        return Story(self.transcripts[braid])

    def calls(self) -> Iterator[tuple[Passed, Call]]:
        for one in self.passed:
            if one.recorded.generates:
                yield one, self.story(one.braid).call(one.call)


@pytest.fixture(scope="module", params=MODES, ids=str)
def replayed(request: pytest.FixtureRequest) -> dict[str, Replayed]:
    """Every recording through one service, each as a tenant of its own."""
    # In memory: hundreds of commits wait for a disk that others may keep busy, and where one of
    # them waits too long every test of this mode fails.
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        return replay(request.param, Path(folder))


def replay(mode: Mode, folder: Path) -> dict[str, Replayed]:
    rounds = mode.rounds()
    scripts = [script(each, mode.coding, mode.size) for turn in rounds for _, each in turn]
    secrets = {one.name: f"secret-of-{number}" for number, one in enumerate(RECORDINGS)}
    passed: dict[str, list[Passed]] = {one.name: [] for one in RECORDINGS}
    with ScriptedUpstream(*scripts) as upstream:
        settings = Settings(
            str(folder / "braid.db"),
            folder / "root",
            folder / "wrapping",
            upstream_anthropic=upstream.url,
            port=0,
            tokens=secrets,
        )
        for turn in rounds:
            with running(settings) as url:
                port = int(url.rpartition(":")[2])
                for one, exchange in turn:
                    passed[one.name].append(send(exchange, port, upstream, secrets[one.name]))
    with running(settings) as url:
        port = int(url.rpartition(":")[2])
        root = json.loads(fetch(port, "/.well-known/braid-keys"))["keys"][0]["x"]
        return {
            one.name: collect(one.name, mode, passed[one.name], port, secrets[one.name], root)
            for one in RECORDINGS
        }


def send(exchange: Exchange, port: int, upstream: ScriptedUpstream, secret: str) -> Passed:
    number = len(upstream.requests)
    with RawClient(port) as client:
        client.post(exchange.path, exchange.sent, [*exchange.headers, ("x-braid-token", secret)])
        answered = client.answer()
    return Passed(exchange, upstream.request(number), answered)


def collect(
    name: str, mode: Mode, passed: list[Passed], port: int, secret: str, root: str
) -> Replayed:
    braids = dict.fromkeys(each.braid for each in passed if each.recorded.generates)
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
        assert one.answered.status == one.recorded.status
        assert one.answered.body == coded(one.recorded, told.mode.coding)
        sent = [(name.lower(), value) for name, value in one.recorded.answer_headers]
        if told.mode.coding != "identity":
            sent.append(("content-encoding", told.mode.coding))
        came = [(name.lower(), value) for name, value in one.answered.headers]
        framing = ("content-length", "transfer-encoding")
        assert [each for each in came if not own(each[0]) and each[0] not in framing] == sent


def own(name: str) -> bool:
    return name in ("x-braid-id", "x-braid-call")


def test_the_upstream_gets_what_the_client_sent(told: Replayed) -> None:
    for one in told.passed:
        assert one.received.line == f"POST {one.recorded.path} HTTP/1.1"
        assert one.received.body == one.recorded.sent
        length = ("content-length", str(len(one.recorded.sent)))
        came = [pair for pair in one.received.headers if pair[0].lower() != "host"]
        assert came == [*one.recorded.headers, length]


def test_only_generation_is_recorded(told: Replayed) -> None:
    for one in told.passed:
        marks = [name.lower() for name, _ in one.answered.headers if own(name.lower())]
        assert marks == (["x-braid-id", "x-braid-call"] if one.recorded.generates else [])


def test_every_braid_verifies_under_the_pinned_root(told: Replayed) -> None:
    for braid, transcript in told.transcripts.items():
        report = verify(transcript, roots=[told.root])
        report.require()
        assert report.braid == braid
        assert report.counts.pending == 0


def test_nothing_the_provider_said_is_lost(told: Replayed) -> None:
    for one, call in told.calls():
        if one.recorded.status != 200:
            (node,) = call.answer
            assert (node.kind, node.content) == ("other", one.recorded.answer)
            continue
        if one.recorded.streamed:
            said = fold(one.recorded.answer)
        else:
            said = json.loads(one.recorded.answer)
        spelled = [block.pop("spelled", None) for block in said["content"]]
        assert message(call) == without_nulls(said)
        places = [node.attrs["index"] for node in call.content]
        assert places == list(range(len(said["content"])))
        for node, text in zip(call.content, spelled, strict=True):
            assert not text or node.text == text


def without_nulls(said: dict[str, Any]) -> dict[str, Any]:
    """Null says nothing about a message: only its blocks keep theirs."""
    kept = {name: value for name, value in said.items() if value is not None}
    kept["usage"] = {name: value for name, value in said["usage"].items() if value is not None}
    for block in kept["content"]:
        if block.get("signature") == "":
            del block["signature"]
    return kept


def test_each_call_shows_what_was_sent(told: Replayed) -> None:
    for one, call in told.calls():
        sent = one.recorded.request
        context = {
            "tools": sent.pop("tools", []),
            "system": blocks_of(sent.pop("system", [])),
            "messages": [block for turn in sent.pop("messages") for block in blocks_of(turn)],
        }
        shown = request(call)
        unseen = [{"mcp_servers": sent["mcp_servers"]}] if "mcp_servers" in sent else []
        assert (call.node.value["context"].get("partial") is True) >= bool(unseen)
        context["tools"] += unseen
        for name, blocks in context.items():
            assert [plain(block) for block in shown.pop(name)] == [plain(x) for x in blocks], name
        assert shown == sent


def blocks_of(turn: Any) -> list[dict[str, Any]]:
    content = turn["content"] if isinstance(turn, dict) else turn
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return list(content)


_HANDLING = ("cache_control", "caller", "citations", "toolset_name", "index")


def plain(block: Any, top: bool = True) -> Any:
    """Leave out what clients drop and move and what says nothing about the words."""
    if isinstance(block, list):
        return [plain(item, False) for item in block]
    if not isinstance(block, dict):
        return block
    kept = {name: plain(value, False) for name, value in block.items() if value is not None}
    if top or "type" in block:
        kept = {name: value for name, value in kept.items() if name not in _HANDLING}
    if isinstance(kept.get("content"), str) and kept.get("type", "").endswith("tool_result"):
        kept["content"] = [{"type": "text", "text": kept["content"]}]
    if kept.get("type") == "tool_result" and kept.get("is_error") is False:
        del kept["is_error"]
    return kept


def test_a_conversation_goes_on_in_its_braid(told: Replayed) -> None:
    answered: str | None = None
    for number, (one, call) in enumerate(told.calls()):
        goes_on = answered is not None and one.recorded.resends
        remarks = [code for code in dict.fromkeys(call.history) if code not in ORDINARY]
        if goes_on:
            assert one.braid == answered
            assert call.by == "prefix"
            assert remarks == ["continued", *REMARKS.get((told.name, number), [])]
        else:
            assert one.braid != answered
            assert (call.by, remarks) == ("new", [])
        answered = one.braid


def test_what_came_back_in_another_spelling_is_kept_beside_what_it_was(told: Replayed) -> None:
    remarked = [remarks for (name, _), remarks in REMARKS.items() if name == told.name]
    found = 0
    for story in map(Story, told.transcripts.values()):
        for node in story.nodes:
            if "variant_of" in node.attrs:
                known = story[node.attrs["variant_of"]]
                assert (known.origin, node.origin) == ("provider", "client")
                assert known.kind == node.kind
                assert known.content != node.content
                assert json.loads(known.content) == json.loads(node.content)
                found += 1
    assert found == sum("variant" in remarks for remarks in remarked)


def test_calls_and_ends_say_what_passed(told: Replayed) -> None:
    for one, call in told.calls():
        assert call.end is not None
        end = call.end.value
        assert call.outcome == ("complete" if one.recorded.status == 200 else "error")
        assert end["status"] == one.recorded.status
        named = {name.lower(): value for name, value in one.recorded.answer_headers}
        assert end["request_id"] == named.get("request-id")
        assert_digest(call.node.value["body"], call.node.bsalt, one.recorded.sent)
        wire = coded(one.recorded, told.mode.coding)
        heard = wire[: end["body"]["bytes"]]
        assert_digest(end["body"], call.end.bsalt, heard)
        if one.recorded.streamed:
            if told.mode.coding == "gzip":
                heard = zlib.decompressobj(wbits=31).decompress(heard)
            assert heard.rstrip() == one.recorded.answer.rstrip()
        else:
            assert heard == wire


def assert_digest(claim: dict[str, Any], salt: bytes, body: bytes) -> None:
    def text(digest: bytes) -> str:
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    assert claim == {
        "bytes": len(body),
        "digest": text(hashlib.sha256(salt + body).digest()),
        "salt": text(hashlib.sha256(salt).digest()),
    }
