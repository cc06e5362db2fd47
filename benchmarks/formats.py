"""What recording costs in each wire format: one streamed answer of the same words, side by side.

usage: python benchmarks/formats.py [--rounds N] [--requests N]

CPU of `braid serve` for one reply of 60 events, sent at once, each request a conversation of its
own, over 8 connections; in each round the formats take turns.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from stage import Running, free_port, started

_WORDS = [f"word {number:02d} " for number in range(56)]
_CONNECTIONS = 8


@dataclass(frozen=True, slots=True)
class Format:
    """A wire format: where it is asked, with what, and its stream of 60 events or thereabouts."""

    name: str
    path: str
    ask: Callable[[str], Any]
    stream: bytes


def _typed(kind: str, **members: Any) -> bytes:
    return _event({"type": kind, **members}, kind)


def _event(value: Any, name: str = "", colon: str = ":") -> bytes:
    line = f"event: {name}\n" if name else ""
    return f"{line}data: {json.dumps(value, separators=(',', colon))}\n\n".encode()


def _messages() -> bytes:
    usage = {"input_tokens": 3, "output_tokens": 1}
    message: Any = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
               "stop_reason": None, "usage": usage}  # fmt: skip
    deltas = (
        _typed("content_block_delta", index=0, delta={"type": "text_delta", "text": word})
        for word in _WORDS
    )
    return b"".join((
        _typed("message_start", message=message),
        _typed("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        *deltas,
        _typed("content_block_stop", index=0),
        _typed("message_delta", delta={"stop_reason": "end_turn"}, usage=usage),
        _typed("message_stop"),
    ))  # fmt: skip


def _chat() -> bytes:
    def chunk(delta: Any, reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return _event({"id": "c_1", "object": "chat.completion.chunk", "created": 1, "model": "m",
                       "choices": [choice]})  # fmt: skip

    words = (chunk({"content": word}) for word in _WORDS)
    return b"".join((chunk({"role": "assistant", "content": ""}), *words, chunk({}, "stop"),
                     b"data: [DONE]\n\n"))  # fmt: skip


def _responses() -> bytes:
    part = {"type": "output_text", "text": "".join(_WORDS), "annotations": []}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "content": [part]}
    response = {"id": "resp_1", "object": "response", "status": "in_progress", "model": "m"}
    place = {"output_index": 0, "item_id": "msg_1", "content_index": 0}
    return b"".join((
        _typed("response.created", response={**response, "output": []}),
        _typed("response.output_item.added", output_index=0, item={**item, "content": []}),
        *(_typed("response.output_text.delta", **place, delta=word) for word in _WORDS),
        _typed("response.output_item.done", output_index=0, item=item),
        _typed("response.completed",
               response={**response, "status": "completed", "output": [item]}),
    ))  # fmt: skip


def _generate_content() -> bytes:
    def chunk(word: str, count: int, **more: Any) -> bytes:
        candidate = {"content": {"parts": [{"text": word}], "role": "model"}, "index": 0, **more}
        said = {
            "candidates": [candidate],
            "usageMetadata": {"totalTokenCount": count},
            "modelVersion": "m",
            "responseId": "r_1",
        }
        return _event(said, colon=": ")  # as the provider spells it

    words = [chunk(word, count) for count, word in enumerate(_WORDS)]
    return b"".join((*words, chunk("", 60, finishReason="STOP"))).replace(b"\n", b"\r\n")


def _interactions() -> bytes:
    def step(kind: str, **members: Any) -> bytes:
        return _event({**members, "event_type": kind}, kind)

    interaction = {"id": "i_1", "status": "in_progress", "model": "m"}
    return b"".join((
        step("interaction.created", interaction=interaction),
        step("step.start", index=0, step={"type": "model_output", "content": []}),
        *(step("step.delta", index=0, delta={"text": word, "type": "text"}) for word in _WORDS),
        step("step.stop", index=0),
        step("interaction.completed", interaction={**interaction, "status": "completed"}),
    ))  # fmt: skip


def _user(words: str) -> Any:
    return [{"role": "user", "content": words}]


FORMATS = (
    Format("Messages", "/v1/messages",
           lambda words: {"model": "m", "max_tokens": 9, "stream": True, "messages": _user(words)},
           _messages()),
    Format("Chat Completions", "/v1/chat/completions",
           lambda words: {"model": "m", "stream": True, "messages": _user(words)}, _chat()),
    Format("Responses", "/v1/responses",
           lambda words: {"model": "m", "stream": True, "input": words}, _responses()),
    Format("generateContent", "/v1/models/m:streamGenerateContent?alt=sse",
           lambda words: {"contents": [{"role": "user", "parts": [{"text": words}]}]},
           _generate_content()),
    Format("Interactions", "/v1beta/interactions",
           lambda words: {"model": "m", "stream": True, "input": words}, _interactions()),
)  # fmt: skip


class _Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        (body,) = (form.stream for form in FORMATS if form.path == self.path)
        self.send_response_only(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))


def _load(port: int, form: Format, requests: int, serial: int) -> None:
    """Ask so many times over a few connections; each answer must come whole."""

    def ask(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for number in range(first, requests, _CONNECTIONS):
            body = json.dumps(form.ask(f"serial {serial + number}"))
            connection.request("POST", form.path, body, {"content-type": "application/json"})
            answer = connection.getresponse()
            if answer.read() != form.stream or answer.headers["x-braid-call"] is None:
                failed.append(number)
        connection.close()

    failed: list[int] = []
    threads = [threading.Thread(target=ask, args=(first,)) for first in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise SystemExit(f"{form.name}: {len(failed)} answers were not recorded or not whole")


def _braid(port: int, upstream: str, folder: Path) -> list[str]:
    names = ("anthropic", "gemini", "openai")
    return [
        *(sys.executable, "-m", "braid_clients.cli", "serve", "--port", str(port)),
        *("--db", str(folder / "braid.db"), "--root-key", str(folder / "root.key")),
        *("--wrapping-key", str(folder / "wrapping.key")),
        *(word for name in names for word in (f"--upstream-{name}", upstream)),
    ]


def measure(server: Running, rounds: int, requests: int) -> dict[str, list[float]]:
    """Give the CPU milliseconds of one reply, by format, a value a round."""
    spent: dict[str, list[float]] = {form.name: [] for form in FORMATS}
    serial = 0
    for turn in range(rounds + 1):
        for form in FORMATS[turn % len(FORMATS) :] + FORMATS[: turn % len(FORMATS)]:
            before = server.cpu_seconds()
            _load(server.port, form, requests, serial)
            serial += requests
            if turn:  # the first round warms up
                cost = (server.cpu_seconds() - before) / requests * 1000
                spent[form.name].append(cost)
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=400)
    given = parser.parse_args()
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), _Upstream)
    upstream.daemon_threads = True
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{upstream.server_address[1]}"
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as folder,
        started(_braid(port, url, Path(folder)), port, Path(folder)) as server,
    ):
        spent = measure(server, given.rounds, given.requests)
    upstream.shutdown()
    print("| format | bytes | CPU ms | of Messages |\n|---|---:|---:|---:|")
    for form in FORMATS:
        ratios = (a / b for a, b in zip(spent[form.name], spent["Messages"], strict=True))
        cost, ratio = statistics.median(spent[form.name]), statistics.median(ratios)
        print(f"| {form.name} | {len(form.stream):,} | {cost:.2f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
