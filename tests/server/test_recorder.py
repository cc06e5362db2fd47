"""Recording: everything that passed is a node, once, durable in time, whatever goes wrong."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from braid.call import CallOutcome
from braid.node import Kind, Origin
from braid.transcript import Layout
from braid.wire.block import Block
from braid_server.call_record import CallRecord
from braid_server.fallback import FIELD_BYTES, MOST_BLOCKS, TOO_MANY
from braid_server.keyring import KeyUnavailable
from braid_server.parts import ATTRS_BYTES, PART_BYTES, parts_of
from braid_server.recording import CallEnding, RecordingFailed
from braid_server.sealing import StillOpen
from braid_verifier import Answer, ClaimName
from fakes.desk import UPSTREAM, Desk, ask, assistant, opening_of, text, user
from fakes.story import Story, unbase64
from fakes.upstream import PATIENCE


@pytest.fixture
def desk(folder: Path) -> Iterator[Desk]:
    with Desk(folder) as opened:
        yield opened


def block(words: str | bytes, **attrs: Any) -> Block:
    content = words.encode() if isinstance(words, str) else words
    return Block(Kind.TEXT, Origin.PROVIDER, "text/plain", content, attrs, "assistant")


def test_a_call_says_where_it_went_and_what_with(desk: Desk) -> None:
    body = json.dumps(ask("one", metadata={"user_id": "me"})).encode()
    call = desk.open(body)
    answer = desk.answer(call, "two")
    told = desk.told(call)
    said = told.node.value
    assert (said["upstream"], said["id"]) == (UPSTREAM, call.id)
    assert told.params.value == {
        "path": "/v1/messages",
        "query": "",
        "headers": {"anthropic-version": "2026-10-21"},
        "parameters": {"model": "claude-x", "max_tokens": 9, "metadata": {"user_id": "me"}},
    }
    assert_digest(said["body"], told.node.bsalt, body)
    assert told.end is not None
    assert told.end.attrs == {"id": answer, "model": "claude-x"}
    ended = told.end.value
    heard = ended.pop("body")
    assert ended == {
        "outcome": "complete",
        "status": 200,
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 2},
        "request_id": "req_1",
    }
    assert heard["bytes"] > 0 and told.end.bsalt not in (b"", told.node.bsalt)
    desk.verified(call.braid)


def assert_digest(claim: dict[str, Any], bsalt: bytes, body: bytes) -> None:
    assert len(bsalt) == 32
    assert claim["bytes"] == len(body)
    assert unbase64(claim["digest"]) == hashlib.sha256(bsalt + body).digest()
    assert unbase64(claim["salt"]) == hashlib.sha256(bsalt).digest()


@pytest.mark.parametrize("outcome", CallOutcome)
def test_every_way_to_end_is_an_end(desk: Desk, outcome: CallOutcome) -> None:
    call = desk.open(ask("one"))
    desk.end(call, outcome)
    told = desk.told(call)
    assert told.end is not None
    assert told.end.prev == [told.node.s]
    assert told.end.value == {
        "outcome": str(outcome),
        **dict.fromkeys(("status", "stop_reason", "usage", "request_id", "body")),
    }
    assert told.end.bsalt == b""
    desk.verified(call.braid)


def test_an_empty_request_is_recorded_too(desk: Desk) -> None:
    call = desk.open(b"{}")
    desk.end(call, CallOutcome.ERROR)
    kinds = [node.kind for node in desk.story(call.braid).nodes]
    assert kinds == ["params", "call", "end"]
    desk.verified(call.braid)


def test_nodes_are_signed_by_a_certified_key_of_their_braid(desk: Desk) -> None:
    first, second = desk.turn(ask("one"), "two"), desk.turn(ask("one"), "two")
    reports = [desk.verified(call.braid) for call in (first, second)]
    assert [report.braid for report in reports] == [first.braid, second.braid]
    salts = [
        json.loads(line)["salt"]
        for call in (first, second)
        for line in b"".join(desk.library.transcript(call.braid, layout=Layout.LINES)).splitlines()[
            1:-1
        ]
    ]
    assert len(set(salts)) == len(salts) == 10


class TestLargeBlocks:
    def test_content_beyond_a_part_is_numbered_parts(self, desk: Desk) -> None:
        long = "é" * (PART_BYTES // 2) + "x" + "é" * 600_000  # 9 MiB, a cut inside a letter
        first = desk.turn(ask(long), "two")
        second = desk.turn(ask(long, "two", "three"), long)
        third = desk.turn(ask(long, "two", "three", long, "four"), "five")
        assert first.braid == second.braid == third.braid
        told = desk.told(third)
        assert told.history == ["continued"]
        shown = told.shown["messages"]
        parts = [(node.attrs.get("part"), node.attrs.get("parts")) for node in shown]
        halves = [(1, 2), (2, 2)]
        whole = [(None, None)]
        assert parts == halves + whole * 2 + halves + whole
        assert "".join(node.text for node in shown[:2]) == long
        assert [node.kind for node in shown[4:6]] == ["text", "text"]
        assert shown[1].prev == [shown[0].s] and shown[5].prev == [shown[4].s]
        desk.verified(first.braid)

    def test_a_large_image_is_bytes_in_parts(self, desk: Desk) -> None:
        data = bytes(range(256)) * (9 * 4096)
        source = {
            "type": "base64",
            "media_type": "image/png",
            "data": base64.b64encode(data).decode(),
        }
        image = {"type": "image", "source": source}
        first = desk.turn(ask(user(image)), "two")
        second = desk.turn(ask(user(image), "two", "three"), "four")
        assert second.braid == first.braid
        one, other, *_ = desk.told(second).shown["messages"]
        assert one.content + other.content == data
        assert one.header["media"] == other.header["media"] == "image/png"
        desk.verified(first.braid)

    def test_what_is_said_beside_a_block_becomes_its_last_parts(self, desk: Desk) -> None:
        citation = {"type": "char_location", "cited_text": "word " * 2 * ATTRS_BYTES}
        cited = {**text("two"), "citations": [citation]}
        first = desk.turn(ask("one"), cited, "and")
        second = desk.turn(ask("one", assistant("two", "and"), "three"), "four")
        assert second.braid == first.braid
        assert desk.told(second).history == ["continued"]
        said, *beside, last = desk.told(first).answer
        assert (said.text, said.attrs["extra_follows"], said.attrs["part"]) == ("two", True, 1)
        assert "extra" not in said.attrs
        assert [node.attrs["type"] for node in beside] == ["extra", "extra"]
        assert {node.kind for node in beside} == {"other"}
        assert [node.attrs["part"] for node in beside] == [2, 3]
        extra = json.loads(b"".join(node.content for node in beside))
        assert extra == {"citations": [citation]}
        assert last.text == "and"
        # The context names them with their block.
        shown = desk.told(second).shown["messages"]
        assert [node.s for node in shown[1:5]] == [node.s for node in (said, *beside, last)]
        desk.verified(first.braid)

    @given(
        st.text(max_size=200),
        st.integers(4, 40),
        st.sampled_from(["text/plain", "application/json"]),
    )
    def test_parts_put_together_are_the_block(self, words: str, limit: int, media: str) -> None:
        given_block = replace(block(words, index=0), media=media)
        parts = parts_of(given_block, limit=limit)
        assert b"".join(part.content for part in parts) == words.encode()
        assert all(len(part.content) <= limit for part in parts)
        for number, part in enumerate(parts, 1):
            part.content.decode()
            attrs = json.loads(part.attrs)
            numbered = {"part": number, "parts": len(parts)} if len(parts) > 1 else {}
            assert attrs == {"index": 0, **numbered}
            assert (part.kind, part.origin, part.media) == (Kind.TEXT, Origin.PROVIDER, media)

    @given(st.binary(max_size=200), st.integers(4, 40))
    def test_bytes_are_cut_without_regard_to_what_they_are(self, raw: bytes, limit: int) -> None:
        for media in ("application/json", "image/png", "text/plain", "Nonsense"):
            parts = parts_of(replace(block(raw), media=media), limit=limit)
            assert b"".join(part.content for part in parts) == raw
            if any(part.media == "text/plain" for part in parts):
                raw.decode()

    def test_text_that_is_none_is_recorded_as_bytes(self, desk: Desk) -> None:
        call = desk.open(ask("one"))
        call_ending = CallEnding(CallOutcome.COMPLETE)
        desk.run(call.close(call_ending, (block(b"\xff not UTF-8", index=0),)))
        (node,) = desk.told(call).answer
        assert (node.header["media"], node.content) == (
            "application/octet-stream",
            b"\xff not UTF-8",
        )
        desk.verified(call.braid)


class TestFaultsOfOurs:
    """What cannot be recorded as blocks is recorded as bytes, and never stops the call."""

    def test_a_request(self, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
        first = desk.turn(ask("one"), "two", session="s")
        opening = opening_of(ask("one", "two", "in confidence"), session="s")
        unencodable = replace(opening.request.messages[2], attrs={"type": "\ud800"})
        messages = (*opening.request.messages[:2], unencodable)
        spoiled = msgspec.structs.replace(
            opening, request=replace(opening.request, messages=messages)
        )
        call = desk.run(desk.recorder.open(spoiled))
        desk.answer(call, "four")
        # Its session still says where it belongs.
        assert call.braid == first.braid
        told = desk.told(call)
        (raw,) = told.shown["messages"]
        assert (raw.kind, raw.content) == ("other", opening.body)
        assert raw.attrs == {"ambiguous": "could not be recorded as blocks"}
        assert told.params.value["parameters"] is None
        desk.verified(call.braid)
        assert "confidence" not in caplog.text and "event=request_not_understood" in caplog.text

    def test_a_braid_that_is_broken(self, desk: Desk, folder: Path) -> None:
        first = desk.turn(ask("one"), "two", session="s")
        desk.store.close()
        with closing(sqlite3.connect(desk.path)) as plain, plain:
            plain.execute("DELETE FROM node WHERE seq = 1")
        with Desk(folder) as again:
            call = again.turn(ask("one", "two", "three"), "four", session="s")
            assert call.braid != first.braid
            (raw,) = again.told(call).shown["messages"]
            assert raw.kind == "other"
            again.verified(call.braid)

    def test_an_answer(self, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
        call = desk.open(ask("one"))
        blocks = (block("first", index=0), block("in confidence", index="\ud800"))
        desk.run(call.close(CallEnding(CallOutcome.COMPLETE, 200), blocks))
        told = desk.told(call)
        assert [(node.kind, node.content) for node in told.answer] == [
            ("other", b"first"),
            ("other", b"in confidence"),
        ]
        assert told.answer[1].attrs == {
            "ambiguous": "could not be recorded as blocks",
            "type": "text",
        }
        assert told.outcome == "complete"
        desk.verified(call.braid)
        assert "confidence" not in caplog.text and "event=answer_not_understood" in caplog.text

    def test_a_fault_of_one_braid_leaves_the_others_in_memory_right(self, desk: Desk) -> None:
        first = desk.turn(ask("one"), "two")
        bad = desk.open(ask("another"))
        desk.run(bad.close(CallEnding(CallOutcome.COMPLETE), (block("x", index="\ud800"),)))
        second = desk.turn(ask("one", "two", "three"), "four")
        assert second.braid == first.braid
        for braid in desk.braids():
            desk.verified(braid)


class TestTooMuch:
    """Whatever a client or an upstream makes of a call, it is recorded and its braid is readable."""

    def test_a_request_of_too_many_blocks_is_its_bytes(self, desk: Desk) -> None:
        body = b'{"model":"claude-x","messages":[' + b",".join([b"0"] * (MOST_BLOCKS + 1)) + b"]}"
        call = desk.open(body)
        desk.answer(call, "two")
        told = desk.told(call)
        (raw,) = told.shown["messages"]
        assert (raw.kind, raw.content, raw.attrs) == ("other", body, {"ambiguous": TOO_MANY})
        assert told.params.value["parameters"] is None
        assert told.node.attrs["model"] == "claude-x"
        assert len(desk.story(call.braid).nodes) == 5
        desk.verified(call.braid)

    def test_its_bytes_hold_no_credential(self, desk: Desk) -> None:
        servers = [{"type": "url", "name": "n", "authorization_token": "SECRET"}]
        call = desk.turn({"mcp_servers": servers, "messages": [0] * (MOST_BLOCKS + 1)}, "two")
        assert len(desk.told(call).shown["messages"]) == 1
        assert b"SECRET" not in desk.told(call).shown["messages"][0].content

    def test_what_is_known_counts_for_nothing(self, desk: Desk) -> None:
        said: list[Any] = []
        for n in range(3):
            said += [user(*(f"word {n} {at}" for at in range(MOST_BLOCKS // 2))), f"answer {n}"]
            call = desk.turn(ask(*said[:-1]), said[-1])
        assert call.braid == desk.told(call).node.header["braid"]
        assert [told.history for told in desk.story(call.braid).calls] == [
            [], ["continued"], ["continued"],
        ]  # fmt: skip
        assert len(desk.told(call).shown["messages"]) == MOST_BLOCKS // 2 * 3 + 2

    def test_an_answer_of_too_many_blocks_is_gathered(self, desk: Desk) -> None:
        call = desk.open(ask("one"))

        async def bring() -> None:
            for at in range(MOST_BLOCKS + 2):
                call.received(b"x", (block(f"b{at}", index=at),))
                if at % 2000 == 1999:
                    await asyncio.sleep(0.4)
            rest = (block("last"), block(b"\xff"))
            await call.close(CallEnding(CallOutcome.COMPLETE), rest)

        desk.run(bring())
        *single, gathered = desk.told(call).answer
        assert len(single) == MOST_BLOCKS
        assert (gathered.kind, gathered.attrs["ambiguous"]) == ("other", TOO_MANY)
        kept = [one.get("text", one.get("b64")) for one in gathered.value]
        assert kept == [f"b{MOST_BLOCKS}", f"b{MOST_BLOCKS + 1}", "last", "/w=="]
        assert gathered.value[0]["attrs"] == {"index": MOST_BLOCKS}
        desk.verified(call.braid)

    def test_no_braid_grows_beyond_what_is_read(self, folder: Path) -> None:
        with Desk(folder, braid_nodes=50) as desk:
            calls = [desk.open(ask(f"question {n}"), session="s") for n in range(14)]
            (braid,) = {call.braid for call in calls}
            for call in calls:
                blocks = [block(f"b{n}") for n in range(20)]
                desk.run(call.close(CallEnding(CallOutcome.COMPLETE), tuple(blocks)))
            assert len(desk.story(braid).nodes) <= 50 * 1.8 + 20 + 2 * len(calls)
            texts = sum(node.kind == "text" for node in desk.story(braid).nodes)
            gathered = [n.value for n in desk.story(braid).nodes if n.kind == "other"]
            assert texts + sum(map(len, gathered)) == 14 * 20
            other = desk.turn(ask("more"), "words", session="s")
            assert other.braid != braid
            for braid in desk.braids():
                desk.verified(braid)

    def test_what_comes_to_a_full_braid_waits_for_the_end(self, folder: Path) -> None:
        with Desk(folder, braid_nodes=2) as desk:
            call = desk.open(ask("one"))
            desk.run(desk.recorder.append(call, [block("early")], None, None))
            with pytest.raises(RecordingFailed, match="nearly full"):
                desk.run(desk.recorder.append(call, [block("late")], None, None))
            desk.run(call.close(CallEnding(CallOutcome.COMPLETE), (block("late"), block("last"))))
            gathered = desk.told(call).answer[-1]
            assert [one["text"] for one in gathered.value] == ["late", "last"]
            desk.verified(call.braid)

    @pytest.mark.parametrize("field", ["usage", "stop_reason", "id", "model"])
    def test_a_field_of_an_end_that_is_too_long_stands_beside_it(
        self, desk: Desk, field: str
    ) -> None:
        long = "x" * (34_000_000 if field == "usage" else 2_000_000)
        call = desk.open(ask("one"))
        members: dict[str, Any] = {field: {"x": long} if field == "usage" else long}
        desk.answer(call, "two", **members)
        told = desk.told(call)
        assert told.outcome == "complete" and told.end is not None
        assert len(json.dumps([told.end.value, told.end.attrs])) < 1000
        assert field not in told.end.attrs and told.end.value.get(field) is None
        beside = [node for node in told.answer if node.attrs.get("type") == "end"]
        said = json.loads(b"".join(node.content for node in beside))
        assert said == members
        assert all(
            len(node.content) + len(json.dumps(node.attrs)) < 9 << 20 for node in told.answer
        )
        desk.verified(call.braid)

    def test_a_field_just_short_enough_stays(self, desk: Desk) -> None:
        for length, kept in ((FIELD_BYTES, True), (FIELD_BYTES + 1, False)):
            call = desk.open(ask("one"))
            desk.answer(call, "two", stop_reason="x" * length)
            end = desk.told(call).end
            assert end is not None and (end.value["stop_reason"] is not None) is kept

    def test_parameters_beyond_a_part_are_numbered_parts(self, desk: Desk) -> None:
        metadata = {"user_id": 'a"' * 10_000_000}
        call = desk.turn(ask("one", metadata=metadata, model="m" * FIELD_BYTES + "m"), "two")
        told = desk.told(call)
        nodes = [node for node in desk.story(call.braid).nodes if node.kind == "params"]
        said = json.loads(b"".join(node.content for node in nodes))
        assert said["parameters"]["metadata"] == metadata
        assert [node.attrs["part"] for node in nodes] == list(range(1, len(nodes) + 1))
        assert len(nodes) > 2 and told.node.prev[-1] == nodes[-1].s
        assert all("model" not in node.attrs for node in (*nodes, told.node))
        desk.verified(call.braid)
        # The conversation goes on where it is.
        assert desk.turn(ask("one", "two", "three"), "four").braid == call.braid

    @pytest.mark.parametrize("member", ["id", "name", "type", "x"])
    def test_a_long_name_is_kept_beside_its_block(self, desk: Desk, member: str) -> None:
        long = "x" * (34_000_000 if member == "id" else 2_000_000)
        call = desk.open(ask("one"))
        desk.answer(call, {"type": "tool_use", "id": "i", "name": "n", "input": {}, member: long})
        nodes = desk.told(call).answer
        assert (
            long
            in json.loads(
                b"".join(node.content for node in nodes if node.attrs.get("type") == "extra")
            ).values()
        )
        assert desk.told(call).outcome == "complete"
        desk.verified(call.braid)

    def test_a_long_member_of_a_message_is_kept(self, desk: Desk) -> None:
        call = desk.turn(ask({**user("one"), "x": "y" * 34_000_000}), "two")
        first, *rest = desk.told(call).shown["messages"]
        assert (first.text, first.attrs["extra_follows"]) == ("one", True)
        assert (
            len(json.loads(b"".join(node.content for node in rest))["message"]["x"]) == 34_000_000
        )
        desk.verified(call.braid)


async def appear(desk: Desk, braid: str, count: int) -> Story:
    """Wait until so many provider nodes are on disk."""
    async with asyncio.timeout(PATIENCE):
        while True:
            story = desk.story(braid)
            if sum(node.origin == "provider" for node in story.nodes) >= count:
                return story
            await asyncio.sleep(0.01)


def test_blocks_of_a_running_stream_are_on_disk_before_its_end(desk: Desk) -> None:
    async def stream() -> None:
        call = await desk.recorder.open(opening_of(ask("one")))
        for number in range(3):
            call.received(b"chunk", (block(f"block {number}", index=number),))
            story = await appear(desk, call.braid, number + 1)
            assert story.nodes[-1].text == f"block {number}"
            assert story.calls[0].end is None
        call.received(b"end", ())
        await call.close(CallEnding(CallOutcome.COMPLETE), (block("last", index=3),))

    desk.run(stream())
    (braid,) = desk.braids()
    (told,) = desk.story(braid).calls
    assert [node.text for node in told.answer] == ["block 0", "block 1", "block 2", "last"]
    assert told.end is not None
    assert_digest(told.end.value["body"], told.end.bsalt, b"chunkchunkchunkend")
    desk.verified(braid)


def test_an_end_waits_for_blocks_that_are_being_written(desk: Desk) -> None:
    """Blocks in flight to the writer and those after them keep their order."""

    async def stream(number: int) -> None:
        call = await desk.recorder.open(opening_of(ask("one"), session="s"))
        call.received(b"1", (block("first", index=0),))
        await asyncio.sleep(0.25 + number * 0.02)  # around the moment of the flush
        call.received(b"2", (block("second", index=1),))
        await call.close(CallEnding(CallOutcome.COMPLETE), (block("third", index=2),))

    async def streams() -> None:
        await asyncio.gather(*(stream(number) for number in range(10)))

    desk.run(streams())
    (braid,) = desk.braids()
    for told in desk.story(braid).calls:
        assert [node.text for node in told.answer] == ["first", "second", "third"]
    desk.verified(braid)


def test_blocks_whose_writing_fails_go_with_the_end() -> None:
    written: list[list[bytes]] = []

    async def stream() -> None:
        begun, fail = asyncio.Event(), asyncio.Event()

        async def append(
            _call: CallRecord, blocks: Sequence[Block], ending: CallEnding | None, _body: object
        ) -> None:
            written.append([one.content for one in blocks])
            if ending is None:
                begun.set()
                await fail.wait()
                raise RecordingFailed("disk full")

        call = CallRecord(append, opening_of(ask("one")), 1, "braid", 4, "id", bytes(32))
        call.received(b"1", (block("first"),))
        await begun.wait()
        call.received(b"2", (block("second"),))
        closing = asyncio.create_task(
            call.close(CallEnding(CallOutcome.COMPLETE), (block("third"),))
        )
        await asyncio.sleep(0)
        fail.set()
        await closing

    asyncio.run(stream())
    assert written == [[b"first"], [b"first", b"second", b"third"]]


def test_calls_at_once_in_one_session_take_each_seq_once(desk: Desk) -> None:
    async def one(number: int) -> None:
        call = await desk.recorder.open(opening_of(ask("hello", system="s"), session="s"))
        for part in range(3):
            call.received(b"x", (block(f"{number}.{part}", index=part),))
            await asyncio.sleep(0)
        await call.close(CallEnding(CallOutcome.COMPLETE))

    async def many() -> None:
        await asyncio.gather(*(one(number) for number in range(100)))

    desk.run(many())
    (braid,) = desk.braids()
    story = desk.story(braid)
    assert [node.header["seq"] for node in story.nodes] == list(range(len(story.nodes)))
    said = sorted([node.text for node in told.answer] for told in story.calls)
    assert said == sorted([f"{number}.{part}" for part in range(3)] for number in range(100))
    desk.verified(braid)


class TestRestart:
    def test_open_calls_are_closed_as_interrupted_once(self, folder: Path) -> None:
        with Desk(folder) as desk:
            done = desk.turn(ask("one"), "two")
            bare = desk.open(ask("one", "two", "three"))
            begun = desk.open(ask("other"))
            desk.run(desk.recorder.append(begun, [block("so far", index=0)], None, None))
        with Desk(folder) as desk:
            assert desk.recorder.recover() == 2
            assert desk.recorder.recover() == 0
            assert desk.told(done).outcome == "complete"
            for call in (bare, begun):
                told = desk.told(call)
                assert told.end is not None
                assert (told.outcome, told.end.value["body"]) == ("interrupted", None)
                desk.verified(call.braid)
            # What was heard counts: the conversation goes on from it.
            later = desk.turn(ask("other", "so far", "go on"), "x")
            assert later.braid == begun.braid

    def test_a_broken_braid_does_not_keep_the_others_open(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        with Desk(folder) as desk:
            calls = [desk.open(ask(f"question {n}")) for n in range(3)]
        with closing(sqlite3.connect(folder / "braid.db")) as plain, plain:
            plain.execute("DELETE FROM node WHERE braid = 2 AND seq = 0")
        with Desk(folder) as desk:
            assert desk.recorder.recover() == 2
            assert [desk.told(call).outcome for call in (calls[0], calls[2])] == ["interrupted"] * 2
        assert "event=call_left_open number=2" in caplog.text

    def test_what_comes_back_after_all_is_refused(self, folder: Path) -> None:
        with Desk(folder) as desk:
            call = desk.open(ask("one"))
            desk.recorder.recover()
            with pytest.raises(RecordingFailed, match="closed while its answer was under way"):
                desk.answer(call, "late")
            told = desk.told(call)
            assert (told.outcome, told.answer) == ("interrupted", [])
            desk.verified(call.braid)


class TestSeal:
    def test_a_sealed_braid_is_complete_and_takes_no_more(self, desk: Desk) -> None:
        call = desk.turn(ask("one"), "two")
        desk.turn(ask("one", "two", "three"), "four")
        sealed = desk.run(desk.library.seal(call.braid))
        last = desk.story(call.braid).nodes[-1]
        assert (last.kind, last.s, last.header["seq"] + 1) == ("seal", sealed.seal, sealed.nodes)
        report = desk.verified(call.braid)
        assert report.claims[ClaimName.SEALED].answer is Answer.YES
        assert desk.library.info(call.braid).state == "sealed"
        # Sealing again changes nothing.
        assert desk.run(desk.library.seal(call.braid)) == sealed
        assert desk.story(call.braid).nodes[-1].s == sealed.seal

    def test_many_strands_are_gathered(self, desk: Desk) -> None:
        calls = [desk.turn(ask(f"question {n}"), "answer", session="s") for n in range(150)]
        (braid,) = {call.braid for call in calls}
        desk.seal(braid)
        nodes = desk.story(braid).nodes
        gathering = [node for node in nodes if node.kind in ("checkpoint", "seal")]
        assert [node.kind for node in gathering] == ["checkpoint", "checkpoint", "seal"]
        named = [name for node in nodes for name in node.prev]
        assert {node.s for node in nodes} - set(named) == {nodes[-1].s}
        places = {node.s: place for place, node in enumerate(nodes)}
        for node in gathering:
            assert [places[name] for name in node.prev] == sorted(places[s] for s in node.prev)
        desk.verified(braid)

    def test_it_waits_for_calls_under_way(self, desk: Desk) -> None:
        async def seal_while_open() -> None:
            call = await desk.recorder.open(opening_of(ask("one")))
            sealing = asyncio.create_task(desk.library.seal(call.braid, wait=PATIENCE))
            await asyncio.sleep(0.1)
            assert not sealing.done()
            await call.close(CallEnding(CallOutcome.COMPLETE), (block("two", index=0),))
            await sealing

        desk.run(seal_while_open())
        (braid,) = desk.braids()
        assert [call.outcome for call in desk.story(braid).calls] == ["complete"]
        desk.verified(braid)

    def test_meanwhile_the_conversation_goes_on_elsewhere(self, desk: Desk) -> None:
        first = desk.turn(ask("one"), "two")
        under_way = desk.open(ask("one", "two", "three"))
        with pytest.raises(StillOpen):
            desk.run(desk.recorder.seal(first.braid, "local", interrupt=False, hold=True))
        other = desk.turn(ask("one", "two", "four"), "five")
        assert under_way.braid == first.braid != other.braid
        assert desk.story(other.braid).nodes[0].header["link"][0]["braid"] == first.braid
        desk.answer(under_way, "four")
        desk.seal(first.braid)
        for braid in desk.braids():
            desk.verified(braid)

    def test_one_that_was_given_up_leaves_the_braid_as_it_was(self, desk: Desk) -> None:
        call = desk.open(ask("one"))
        with pytest.raises(StillOpen, match="1 call is still under way on this braid"):
            desk.run(desk.library.seal(call.braid, wait=0.1))
        desk.answer(call, "two")
        assert desk.turn(ask("one", "two", "three"), "four").braid == call.braid
        assert desk.library.info(call.braid).state == "open"

    def test_it_may_interrupt_what_is_under_way(self, desk: Desk) -> None:
        call = desk.open(ask("one"))
        desk.seal(call.braid, interrupt=True)
        with pytest.raises(RecordingFailed):
            desk.answer(call, "late")
        told = desk.told(call)
        assert (told.outcome, told.answer) == ("interrupted", [])
        assert desk.verified(call.braid).claims[ClaimName.SEALED].answer is Answer.YES

    def test_without_its_key_a_braid_cannot_be_sealed(self, folder: Path) -> None:
        with Desk(folder) as desk:
            call = desk.turn(ask("one"), "two")
        with Desk(folder, wrapping=bytes(32)) as desk:
            with pytest.raises(KeyUnavailable):
                desk.seal(call.braid)
            assert desk.library.info(call.braid).state == "open"
            desk.verified(call.braid)


def test_an_export_is_of_one_moment_however_long_it_takes(desk: Desk) -> None:
    first = desk.turn(ask("one"), "two")
    count = desk.library.info(first.braid).nodes
    pieces = desk.library.transcript(first.braid)
    begun = next(pieces)
    desk.turn(ask("one", "two", "three"), "four")
    whole = begun + b"".join(pieces)
    assert len(Story(whole).nodes) == count
    assert msgspec.json.decode(whole)["braid"] == first.braid
    assert len(desk.story(first.braid).nodes) > count
