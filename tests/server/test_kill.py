"""Nothing lost: whatever moment a real server is killed at, what was promised is on disk."""

from __future__ import annotations

import json
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from braid_server.library import Library, reading
from braid_server.service import Settings
from braid_verifier import Result, verify
from fakes.client import RawClient
from fakes.desk import ask
from fakes.logs import Watcher, entries_in, hold
from fakes.nursery import Nursery
from fakes.process import ServerProcess
from fakes.story import Call, Story
from fakes.upstream import PATIENCE

CLIENTS = 3
BLOCKS = ("first block", "second block")
END = "message_stop"


def event(name: str, **members: Any) -> bytes:
    data = json.dumps({"type": name, **members})
    return f"event: {name}\ndata: {data}\n\n".encode()


def answer() -> list[bytes]:
    """A streamed answer, event by event."""
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": []}
    usage = {"input_tokens": 1, "output_tokens": 1}
    events = [event("message_start", message={**message, "usage": usage})]
    for index, words in enumerate(BLOCKS):
        start, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": words}
        events += [
            event("content_block_start", index=index, content_block=start),
            event("content_block_delta", index=index, delta=delta),
            event("content_block_stop", index=index),
        ]
    events.append(event("message_delta", delta={"stop_reason": "end_turn"}, usage=usage))
    return [*events, event(END)]


@dataclass(slots=True)
class Ticks:
    """Counts what happens; at the chosen moment the one who brought it about pulls the trigger."""

    what: str
    count: int
    trigger: Callable[[], None] = lambda: None
    pulled: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tick(self, what: str) -> None:
        if what != self.what:
            return
        with self._lock:
            self.count -= 1
            now = self.count == 0
        if now:
            self.pulled = time.monotonic()
            self.trigger()


class Provider:
    """Streams an answer to every request; `asked` are the words of all that came whole.

    With `pause` it says no more after that many events until the event is set.
    """

    def __init__(self, ticks: Ticks, pause: tuple[int, threading.Event] | None = None) -> None:
        self.asked: list[str] = []
        self._pause = pause
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, format: str, *args: object) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                provider.asked.append(json.loads(body)["messages"][-1]["content"])
                ticks.tick("request")
                try:
                    self.send_response(200)
                    self.send_header("content-type", "text/event-stream")
                    self.send_header("transfer-encoding", "chunked")
                    self.end_headers()
                    for number, piece in enumerate(answer()):
                        if pause is not None and number == pause[0]:
                            assert pause[1].wait(PATIENCE)
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                        ticks.tick("sent")
                    self.wfile.write(b"0\r\n\r\n")
                except OSError:
                    self.close_connection = True

        class Server(ThreadingHTTPServer):
            daemon_threads = False  # closing waits for them, so that `asked` is all

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # a peer that was killed

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        if self._pause is not None:
            self._pause[1].set()
        self._server.shutdown()
        self._thread.join(PATIENCE)
        self._server.server_close()


@dataclass(slots=True)
class Talker:
    """A client with a conversation of its own, which goes on as long as its server lives.

    ended   the words of requests whose whole answer came.
    blocks  the words of requests, with when each block of their answer was complete.
    """

    name: str
    said: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    blocks: dict[str, list[float]] = field(default_factory=dict)

    def talk(self, port: int, ticks: Ticks) -> None:
        try:
            with RawClient(port) as client:
                while True:
                    self._turn(client, ticks)
        except (EOFError, OSError):
            # What was asked last is not gone on from.
            del self.said[len(self.said) // 2 * 2 :]

    def _turn(self, client: RawClient, ticks: Ticks) -> None:
        words = f"{self.name} turn {len(self.said) // 2} at {time.monotonic_ns()}"
        self.said.append(words)
        turns = [one.split("\n") if "\n" in one else [one] for one in self.said]
        messages = [
            {"role": "assistant", "content": [{"type": "text", "text": text} for text in turn]}
            if place % 2
            else turn[0]
            for place, turn in enumerate(turns)
        ]
        client.post("/v1/messages", json.dumps(ask(*messages, stream=True)).encode())
        status, _ = client.read_head()
        assert status == 200
        self.blocks[words] = []
        came = b""
        while piece := client.read_chunk():
            came += piece
            while b"\n\n" in came:
                one, _, came = came.partition(b"\n\n")
                if b"content_block_stop" in one:
                    self.blocks[words].append(time.monotonic())
                if END.encode() in one:
                    self.ended.append(words)
                ticks.tick("event")
        ticks.tick("end")
        self.said.append("\n".join(BLOCKS))


def calls_of(library: Library) -> Iterator[tuple[Story, Call]]:
    for info in library.braids(limit=500).braids:
        story = Story(b"".join(library.transcript(info.id)))
        for call in story.calls:
            yield story, call


def asked_of(call: Call) -> str:
    """The words by which a request was told from others."""
    return call.shown["messages"][-1].text


def said_in(call: Call) -> list[str]:
    return [node.text for node in call.answer]


@contextmanager
def library_of(folder: Path) -> Iterator[Library]:
    with reading(str(folder / "braid.db")) as library:
        yield library


def check(folder: Path, asked: list[str], talkers: list[Talker], killed: float) -> None:
    """Hold what is on disk against what was seen outside."""
    with closing(sqlite3.connect(folder / "braid.db")) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with library_of(folder) as library:
        calls = {asked_of(call): call for _, call in calls_of(library)}
        for info in library.braids(limit=500).braids:
            report = verify(b"".join(library.transcript(info.id)))
            # What is missing to `verified` is a root to trust, and nothing else.
            assert report.result is Result.UNMET, report.findings
    for words in asked:
        assert words in calls, "a request went up that is not on disk"
    for talker in talkers:
        for words in talker.ended:
            assert calls[words].outcome == "complete"
            assert said_in(calls[words]) == list(BLOCKS)
        for words, times in talker.blocks.items():
            due = sum(killed - when > 1.0 for when in times)
            assert said_in(calls[words])[:due] == list(BLOCKS[:due])


def talk(talkers: list[Talker], port: int, ticks: Ticks) -> None:
    """Let all talk at once until their server is gone."""
    threads = [threading.Thread(target=one.talk, args=(port, ticks)) for one in talkers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


MOMENTS = [
    *(("request", count) for count in (1, 2, 3, 4, 6, 9, 13)),
    *(("sent", count) for count in (1, 2, 5, 8, 9, 14, 26)),
    *(("event", count) for count in (1, 2, 3, 6, 7, 8, 10, 15, 24, 31)),
    *(("end", count) for count in (1, 2, 3, 4, 6, 10, 15)),
]


def test_a_server_killed_at_any_moment_loses_nothing(folder: Path) -> None:
    asked: list[str] = []
    talkers = [Talker(f"client {number}") for number in range(CLIENTS)]
    watcher = Watcher()
    with Nursery() as nursery:
        for what, count in MOMENTS:
            ticks = Ticks(what, count)
            with closing(Provider(ticks)) as provider:
                server = nursery.start(folder, provider.url)
                ticks.trigger = server.kill
                for talker in talkers:
                    talker.blocks.clear()
                watcher.watch(server.port)
                talk(talkers, server.port, ticks)
                server.gone()
                watcher.rest()
            asked += provider.asked
            check(folder, asked, talkers, ticks.pulled)
            hold(watcher.seen, folder / "braid.db")
    assert len(asked) >= sum(count for what, count in MOMENTS if what == "request")
    ended = sum(len(talker.ended) for talker in talkers)
    assert ended >= sum(count for what, count in MOMENTS if what == "end")
    # All that was open when a server was killed was closed when the next began, once.
    with library_of(folder) as library:
        outcomes = [call.outcome for _, call in calls_of(library)]
        interrupted = outcomes.count("interrupted")
        assert outcomes.count(None) <= CLIENTS
        assert interrupted >= sum(what == "request" for what, _ in MOMENTS)
        assert interrupted + outcomes.count("complete") + outcomes.count(None) == len(outcomes)
        # Each conversation went on in its braid whenever its last turn had ended.
        braids = {story.braid for story, call in calls_of(library) if call.by == "prefix"}
        everything = {story.braid for story, _ in calls_of(library)}
        # Whatever was recorded is logged, and nothing else.
        assert len(entries_in(folder / "braid.db")) == len(everything)
        assert len(braids) <= CLIENTS
        went_on = sum(len(talker.said) // 2 - 1 for talker in talkers)
        assert sum(call.by == "prefix" for _, call in calls_of(library)) >= went_on > 0


def test_a_block_is_on_disk_within_a_second_of_its_end(folder: Path) -> None:
    pause = threading.Event()
    ticks = Ticks("event", 4 * CLIENTS)  # all clients have seen the end of the first block
    seen = threading.Event()
    ticks.trigger = seen.set
    talkers = [Talker(f"client {number}") for number in range(CLIENTS)]
    with Nursery() as nursery, closing(Provider(ticks, (4, pause))) as provider:
        server = nursery.start(folder, provider.url)
        talking = threading.Thread(target=talk, args=(talkers, server.port, ticks))
        talking.start()
        assert seen.wait(PATIENCE)
        time.sleep(1.05)
        killed = time.monotonic()
        server.kill()
        pause.set()
        talking.join(PATIENCE)
        server.gone()
    assert all(len(times) == 1 for talker in talkers for times in talker.blocks.values())
    check(folder, provider.asked, talkers, killed)
    with library_of(folder) as library:
        assert [said_in(call) for _, call in calls_of(library)] == [[BLOCKS[0]]] * CLIENTS
        assert {call.outcome for _, call in calls_of(library)} == {None}


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_server_asked_to_stop_ends_its_calls_and_exits_cleanly(
    folder: Path, by: signal.Signals
) -> None:
    pause = threading.Event()
    ticks = Ticks("event", 5 * CLIENTS)
    seen = threading.Event()
    ticks.trigger = seen.set
    talkers = [Talker(f"client {number}") for number in range(CLIENTS)]
    with (
        closing(Provider(ticks, (5, pause))) as provider,  # in the midst of the second block
        ServerProcess(folder, provider.url) as server,
    ):
        talking = threading.Thread(target=talk, args=(talkers, server.port, ticks))
        talking.start()
        assert seen.wait(PATIENCE)
        assert server.stop(by) == 0
        pause.set()
        talking.join(PATIENCE)
        assert not talking.is_alive()
        assert b"Traceback" not in b"".join(server.said)
    assert not any(talker.ended for talker in talkers)
    check(folder, provider.asked, talkers, time.monotonic())
    with library_of(folder) as library:
        calls = [call for _, call in calls_of(library)]
        assert len(calls) == CLIENTS
        for call in calls:
            assert call.end is not None
            assert call.outcome == "interrupted"
            assert call.end.value["status"] == 200
            assert call.end.value["body"]["bytes"] == sum(map(len, answer()[:5]))
            first, second = call.answer
            assert (first.text, "cut" in first.attrs) == (BLOCKS[0], False)
            assert (second.text, second.attrs["cut"]) == ("", True)
    assert not (folder / "braid.db-wal").exists()


def test_an_idle_server_stops_at_once(folder: Path) -> None:
    with ServerProcess(folder, "http://upstream.invalid") as server:
        assert server.stop() == 0


def test_the_command_survives_a_kill(folder: Path) -> None:
    """As above, with the command itself, and its next start."""
    ticks = Ticks("event", 6)
    talker = Talker("client")
    with closing(Provider(ticks)) as provider:
        with ServerProcess(folder, provider.url) as server:
            ticks.trigger = server.kill
            talker.talk(server.port, ticks)
        with ServerProcess(folder, provider.url) as server:
            with library_of(folder) as library:
                outcomes = [call.outcome for _, call in calls_of(library)]
            # The end may have been on disk, and not yet with the client.
            assert outcomes in (["interrupted"], ["complete"])
            recovered = b"event=calls_recovered count=1" in b"".join(server.said)
            assert recovered == (outcomes == ["interrupted"])
            assert server.stop() == 0


def test_settings_are_said_to_be_wrong_before_anything_is_made(folder: Path) -> None:
    from braid_server.service import Misconfigured, opened

    settings = Settings(
        str(folder / "braid.db"), folder / "root", folder / "wrapping", host="0.0.0.0"
    )
    with pytest.raises(Misconfigured, match="not loopback"), opened(settings):
        pass
    assert list(folder.iterdir()) == []
