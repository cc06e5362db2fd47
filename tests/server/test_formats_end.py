"""How answers end, in each format that is recorded: held back, cut, left, killed."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from braid.call import CallOutcome
from braid_server.library import reading
from braid_server.provider import Provider
from braid_server.providers import gemini, openai
from braid_verifier import Result, verify
from fakes.client import RawClient
from fakes.process import ServerProcess
from fakes.relaying import relaying
from fakes.story import Call, Story
from fakes.upstream import Script, ScriptedUpstream, Step, chunk, chunked

EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
ARRAY = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"


def data(value: Any, name: str = "", end: str = "\n") -> bytes:
    line = f"event: {name}{end}" if name else ""
    return f"{line}data: {json.dumps(value, separators=(',', ':'))}{end}{end}".encode()


def delta(words: str, reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": words} if words else {}, "finish_reason": reason}
    return data({"id": "c_1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]})


def typed(kind: str, **members: Any) -> bytes:
    return data({"type": kind, **members}, kind)


def part(words: str, reason: str | None = None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": [{"text": words}], "role": "model"}}
    if reason is not None:
        candidate["finishReason"] = reason
    return {"candidates": [candidate], "responseId": "r_1", "modelVersion": "m"}


def step(kind: str, **members: Any) -> bytes:
    return data({"event_type": kind, **members}, kind)


def item(words: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": words, "annotations": []}]
    return {"id": "msg_1", "type": "message", "role": "assistant", "content": content}


@dataclass(frozen=True, slots=True)
class Format:
    """A stream that says WORDS: what begins it, what follows the words, and its terminal event.

    whole  the words are a whole block before the terminal event.
    """

    name: str
    provider: str
    path: str
    body: bytes
    begins: bytes
    goes_on: bytes
    terminal: bytes
    head: bytes = EVENTS
    whole: bool = True

    @property
    def stream(self) -> bytes:
        return self.begins + self.goes_on + self.terminal

    def row(self, url: str) -> Provider:
        return {"gemini": gemini, "openai": openai}[self.provider](url)


WORDS = "It rains."
_CONTENTS = b'{"contents":[{"role":"user","parts":[{"text":"Rain?"}]}]}'
FORMATS = [
    Format(
        "chat", "openai", "/v1/chat/completions",
        b'{"model":"m","stream":true,"messages":[{"role":"user","content":"Rain?"}]}',
        delta(WORDS[:4]) + delta(WORDS[4:]), delta("", "stop"), b"data: [DONE]\n\n",
    ),
    Format(
        "responses", "openai", "/v1/responses", b'{"model":"m","stream":true,"input":"Rain?"}',
        typed("response.created", response={"id": "resp_1", "status": "in_progress", "output": []})
        + typed("response.output_item.added", output_index=0, item={**item(""), "content": []})
        + typed("response.output_text.delta", output_index=0, content_index=0, delta=WORDS),
        typed("response.output_item.done", output_index=0, item=item(WORDS)),
        typed("response.completed", response={"id": "resp_1", "status": "completed",
                                              "output": [item(WORDS)]}),
    ),
    Format(
        "generateContent", "gemini", "/v1beta/models/m:streamGenerateContent?alt=sse", _CONTENTS,
        data(part(WORDS[:4]), end="\r\n"), b"", data(part(WORDS[4:], "STOP"), end="\r\n"),
        whole=False,
    ),
    Format(
        "array", "gemini", "/v1beta/models/m:streamGenerateContent", _CONTENTS,
        b"[" + json.dumps(part(WORDS[:4])).encode(), b",\r\n",
        json.dumps(part(WORDS[4:], "STOP")).encode() + b"]", ARRAY, whole=False,
    ),
    Format(
        "interactions", "gemini", "/v1beta/interactions",
        b'{"model":"m","stream":true,"input":"Rain?"}',
        step("interaction.created", interaction={"id": "i_1", "status": "in_progress"})
        + step("step.start", index=0, step={"type": "model_output", "content": []})
        + step("step.delta", index=0, delta={"type": "text", "text": WORDS}),
        step("step.stop", index=0),
        step("interaction.completed", interaction={"id": "i_1", "status": "completed"}),
    ),
]  # fmt: skip


@pytest.fixture(params=FORMATS, ids=lambda form: form.name)
def form(request: pytest.FixtureRequest) -> Format:
    one: Format = request.param
    return one


def texts(blocks: Any) -> list[str]:
    return [block.content.decode() for block in blocks if block.kind == "text"]


def test_all_but_the_terminal_event_comes_down_before_the_record(form: Format) -> None:
    with (
        ScriptedUpstream([form.head + chunked(form.stream)]) as upstream,
        relaying(form.row(upstream.url)) as braid,
        braid.client() as client,
    ):
        durable = braid.recording.hold_close = threading.Event()
        client.post(form.path, form.body)
        client.read_head()
        before = len(form.begins + form.goes_on)
        assert client.read_body_bytes(before) == form.stream[:before]
        assert braid.recording.closing.wait(30)
        assert client.is_silent()
        durable.set()
        assert client.read_body_bytes(len(form.terminal)) == form.terminal
        call = braid.recording.ended()
    assert call.ending.outcome is CallOutcome.COMPLETE
    assert texts(call.blocks) == [WORDS]


def test_a_terminal_event_cut_anywhere_is_held(form: Format) -> None:
    before = form.begins + form.goes_on
    for at in range(1, len(form.terminal), 7):
        pieces = [before, form.terminal[:at], form.terminal[at:]]
        script = [form.head, *map(chunk, pieces), b"0\r\n\r\n"]
        with (
            ScriptedUpstream(script) as upstream,
            relaying(form.row(upstream.url)) as braid,
        ):
            answered = braid.post(form.body, form.path)
            call = braid.recording.ended()
        assert (answered.body, answered.clean) == (form.stream, True)
        assert call.ending.outcome is CallOutcome.COMPLETE
        assert texts(call.blocks) == [WORDS]


@pytest.mark.parametrize("media", [b"", b"text/plain", b"application/json"])
def test_a_stream_is_read_and_its_end_held_whatever_it_is_called(
    form: Format, media: bytes
) -> None:
    called = b"content-type: %b\r\n" % media if media else b""
    head = b"HTTP/1.1 200 OK\r\n%btransfer-encoding: chunked\r\n\r\n" % called
    before = form.begins + form.goes_on
    pieces = [b"\r\n", before[:1], before[1:], form.terminal]
    with (
        ScriptedUpstream([head, *map(chunk, pieces), b"0\r\n\r\n"]) as upstream,
        relaying(form.row(upstream.url)) as braid,
        braid.client() as client,
    ):
        durable = braid.recording.hold_close = threading.Event()
        client.post(form.path, form.body)
        client.read_head()
        assert client.read_body_bytes(len(before) + 2) == b"\r\n" + before
        assert braid.recording.closing.wait(30)
        assert client.is_silent()
        durable.set()
        assert client.read_body_bytes(len(form.terminal)) == form.terminal
        call = braid.recording.ended()
    assert call.ending.outcome is CallOutcome.COMPLETE
    assert texts(call.blocks) == [WORDS]


@pytest.mark.parametrize("how", [Step.CLOSE, Step.RESET])
def test_a_cut_stream_is_cut_for_the_client_too_and_never_complete(form: Format, how: Step) -> None:
    with (
        ScriptedUpstream([form.head + chunk(form.begins), how]) as upstream,
        relaying(form.row(upstream.url)) as braid,
    ):
        answered = braid.post(form.body, form.path)
        call = braid.recording.ended()
    assert not answered.clean
    assert answered.body == form.begins
    assert call.ending.outcome is CallOutcome.UPSTREAM_CUT
    (said,) = [block for block in call.blocks if block.kind == "text"]
    assert said.attrs["cut"] is True
    assert WORDS.startswith(said.content.decode())


def test_a_stream_that_ends_early_and_cleanly_is_not_complete(form: Format) -> None:
    with (
        ScriptedUpstream([form.head + chunked(form.begins)]) as upstream,
        relaying(form.row(upstream.url)) as braid,
    ):
        answered = braid.post(form.body, form.path)
        call = braid.recording.ended()
    assert (answered.body, answered.clean) == (form.begins, True)
    assert call.ending.outcome is CallOutcome.UPSTREAM_CUT


def test_a_client_that_leaves(form: Format) -> None:
    with (
        ScriptedUpstream([form.head + chunk(form.begins), Step.SILENCE]) as upstream,
        relaying(form.row(upstream.url)) as braid,
        braid.client() as client,
    ):
        client.post(form.path, form.body)
        client.read_head()
        client.read_body_bytes(len(form.begins))
        client.leave()
        call = braid.recording.ended()
        assert upstream.left.wait(30)
    assert call.ending.outcome is CallOutcome.CLIENT_GONE


def test_an_end_that_is_not_recorded_is_withheld(form: Format) -> None:
    with (
        ScriptedUpstream([form.head + chunked(form.stream)]) as upstream,
        relaying(form.row(upstream.url)) as braid,
    ):
        braid.recording.fail_close = OSError("disk")
        answered = braid.post(form.body, form.path)
    assert not answered.clean
    assert answered.body == form.begins + form.goes_on


def test_nothing_is_lost_when_the_server_is_killed(form: Format, tmp_path: Path) -> None:
    """With `kill -9`, after a block was whole for a second, and at the next start."""
    script: Script = [form.head + chunk(form.begins + form.goes_on), Step.SILENCE]
    with ScriptedUpstream(script) as upstream:
        options = ("--upstream-openai", upstream.url, "--upstream-gemini", upstream.url)
        with (
            ServerProcess(tmp_path, upstream.url, *options) as server,
            RawClient(server.port) as client,
        ):
            client.post(form.path, form.body)
            client.read_head()
            client.read_body_bytes(len(form.begins + form.goes_on))
            time.sleep(1.05)
            server.kill()
        with ServerProcess(tmp_path, upstream.url, *options) as server:
            (call,) = calls(tmp_path)
            assert server.stop() == 0
    assert call.outcome == "interrupted"
    assert [node.text for node in call.shown["messages"]] == ["Rain?"]
    said = [node.text for node in call.answer if node.kind == "text"]
    assert said == ([WORDS] if form.whole else [])


def calls(folder: Path) -> Iterator[Call]:
    with reading(str(folder / "braid.db")) as library:
        for info in library.braids(limit=10).braids:
            transcript = b"".join(library.transcript(info.id))
            assert verify(transcript).result is Result.UNMET
            yield from Story(transcript).calls


class TestGeminiGoesOn:
    """Gemini has no event that is terminal for sure."""

    PATH = "/v1/models/m:streamGenerateContent?alt=sse"

    def test_every_chunk_may_give_a_reason(self) -> None:
        pieces = [data(part(word, "STOP"), end="\r\n") for word in ("It ", "rains", ".")]
        usage = data({"usageMetadata": {"totalTokenCount": 9}}, end="\r\n")
        steps = [threading.Event() for _ in pieces]
        script: list[Any] = [EVENTS]
        for piece, pause in zip(pieces, steps, strict=True):
            script += [chunk(piece), pause]
        with (
            ScriptedUpstream([*script, chunk(usage), b"0\r\n\r\n"]) as upstream,
            relaying(gemini(upstream.url)) as braid,
            braid.client() as client,
        ):
            client.post(self.PATH, _CONTENTS)
            client.read_head()
            assert client.is_silent()  # the first may be the last
            steps[0].set()
            assert client.read_body_bytes(len(pieces[0])) == pieces[0]
            assert client.is_silent()
            steps[1].set()
            assert client.read_body_bytes(len(pieces[1])) == pieces[1]
            steps[2].set()
            rest = pieces[2] + usage
            assert client.read_body_bytes(len(rest)) == rest
            call = braid.recording.ended()
        assert texts(call.blocks) == ["It rains."]
        assert json.loads(call.ending.usage or b"")["totalTokenCount"] == 9
        assert call.ending.outcome is CallOutcome.COMPLETE

    @pytest.mark.parametrize("shape", ["events", "array"])
    def test_the_last_of_several_candidates_is_held(self, shape: str) -> None:
        """That one of them has finished ends nothing while another has not."""
        said = [("Yes.", "STOP", 0), ("No", None, 1), (", never.", "STOP", 1)]
        chunks = [
            {"candidates": [{**part(words, reason)["candidates"][0], "index": index}]}
            for words, reason, index in said
        ]
        if shape == "events":
            opened, path = EVENTS, self.PATH
            pieces = [data(each, end="\r\n") for each in chunks]
        else:
            opened, path = ARRAY, self.PATH.partition("?")[0]
            texts_of = [json.dumps(each).encode() for each in chunks]
            pieces = [b"[" + texts_of[0], b",\r\n" + texts_of[1] + b",\r\n", texts_of[2] + b"]"]
        body = b'{"contents":[],"generationConfig":{"candidateCount":2}}'
        came = threading.Event()
        script: Script = [opened + chunk(pieces[0]), came, *map(chunk, pieces[1:]), b"0\r\n\r\n"]
        with (
            ScriptedUpstream(script) as upstream,
            relaying(gemini(upstream.url)) as braid,
            braid.client() as client,
        ):
            client.post(path, body)
            client.read_head()
            assert client.read_body_bytes(len(pieces[0])) == pieces[0]
            durable = braid.recording.hold_close = threading.Event()
            came.set()
            assert client.read_body_bytes(len(pieces[1])) == pieces[1]
            assert braid.recording.closing.wait(30)
            assert client.is_silent()
            durable.set()
            assert client.read_body_bytes(len(pieces[2])) == pieces[2]
            call = braid.recording.ended()
        assert call.ending.outcome is CallOutcome.COMPLETE
        spoken = [block for block in call.blocks if block.kind == "text"]
        assert {block.candidate: block.content for block in spoken} == {
            0: b"Yes.",
            1: b"No, never.",
        }

    def test_a_break_after_the_last_word_loses_nothing(self) -> None:
        stream = data(part(WORDS, "STOP"), end="\r\n")
        with (
            ScriptedUpstream([EVENTS + chunk(stream), Step.RESET]) as upstream,
            relaying(gemini(upstream.url)) as braid,
        ):
            answered = braid.post(_CONTENTS, self.PATH)
            call = braid.recording.ended()
        assert (answered.body, answered.clean) == (stream, False)
        assert call.ending.outcome is CallOutcome.COMPLETE
        assert texts(call.blocks) == [WORDS]

    def test_no_line_is_added(self) -> None:
        stream = data(part("It ")) + data(part("rains.", "STOP"))
        with (
            ScriptedUpstream([EVENTS + chunked(stream)]) as upstream,
            relaying(gemini(upstream.url)) as braid,
        ):
            answered = braid.post(_CONTENTS, self.PATH)
        assert answered.body == stream


def test_thoughts_and_calls_of_gemini_outlive_a_kill(tmp_path: Path) -> None:
    """What another block follows is whole, although no event says so; text may grow on."""
    candidate = {"role": "model"}
    parts = [
        {"text": "They ask ", "thought": True},
        {"text": "about rain.", "thought": True},
        {"functionCall": {"name": "weather", "args": {}}, "thoughtSignature": "c2VhbA=="},
        {"text": "It "},
    ]
    begun = b"".join(
        data({"candidates": [{"content": {"parts": [each], **candidate}}]}, end="\r\n")
        for each in parts
    )
    path = "/v1/models/m:streamGenerateContent?alt=sse"
    with ScriptedUpstream([EVENTS + chunk(begun), Step.SILENCE]) as upstream:
        options = ("--upstream-gemini", upstream.url)
        with (
            ServerProcess(tmp_path, upstream.url, *options) as server,
            RawClient(server.port) as client,
        ):
            client.post(path, _CONTENTS)
            client.read_head()
            assert client.read_body_bytes(len(begun)) == begun
            time.sleep(1.05)
            server.kill()
        with ServerProcess(tmp_path, upstream.url, *options) as server:
            (call,) = calls(tmp_path)
            assert server.stop() == 0
    assert call.outcome == "interrupted"
    said = [(node.kind, node.text) for node in call.answer]
    assert said == [("thinking", "They ask about rain."), ("tool_use", "{}")]
    assert call.answer[1].attrs["signature"] == "c2VhbA=="


def test_chat_without_its_terminal_event_is_complete_by_its_reasons() -> None:
    form = FORMATS[0]
    for tail, outcome in (
        (form.goes_on, CallOutcome.COMPLETE),
        (form.goes_on + data({"error": {"message": "broke"}}), CallOutcome.ERROR),
    ):
        with (
            ScriptedUpstream([form.head + chunked(form.begins + tail)]) as upstream,
            relaying(openai(upstream.url)) as braid,
        ):
            answered = braid.post(form.body, form.path)
            call = braid.recording.ended()
        assert (answered.body, answered.clean) == (form.begins + tail, True)
        assert call.ending.outcome is outcome
