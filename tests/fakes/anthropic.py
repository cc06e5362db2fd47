"""Answers in Anthropic's shape, whole and streamed, and what a socket carries them in."""

from __future__ import annotations

import gzip
import zlib

import brotli  # type: ignore[import-untyped]
import zstandard

MESSAGE = (
    b'{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":'
    b'[{"type":"text","text":"h\xc3\xa9llo"}],"stop_reason":"end_turn","stop_sequence":null,'
    b'"usage":{"input_tokens":3,"output_tokens":5}}'
)
ERROR = (
    b'{"type":"error","error":{"type":"overloaded_error","message":"busy"},"request_id":"req_9"}'
)

_START = (
    b"event: message_start\n"
    b'data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",'
    b'"model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,'
    b'"usage":{"input_tokens":3,"output_tokens":1}}        }\n\n'
    b"event: content_block_start\n"
    b'data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""} }\n\n'
    b"event: ping\n"
    b'data: {"type": "ping"}\n\n'
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"h\xc3\xa9"}}\n\n'
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"llo"}}\n\n'
)
_STOP = (
    b"event: content_block_stop\n"
    b'data: {"type":"content_block_stop","index":0   }\n\n'
    b"event: message_delta\n"
    b'data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},'
    b'"usage":{"output_tokens":5}}\n\n'
)
TERMINAL = b'event: message_stop\ndata: {"type":"message_stop"       }\n\n'

BEGINNING = _START
BEFORE_TERMINAL = _START + _STOP
STREAM = BEFORE_TERMINAL + TERMINAL
STREAM_ERROR = _START + b"event: error\ndata: " + ERROR + b"\n\n"


def head(status: str, *headers: tuple[str, str]) -> bytes:
    """The head of an answer, with its blank line."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1")


def json_answer(body: bytes = MESSAGE, status: str = "200 OK") -> bytes:
    """A whole answer with its length."""
    framing = ("content-length", str(len(body)))
    return head(status, ("content-type", "application/json"), framing) + body


STREAM_HEAD = head(
    "200 OK",
    ("Content-Type", "text/event-stream; charset=utf-8"),
    ("Transfer-Encoding", "chunked"),
    ("request-id", "req_1"),
)


def encode(body: bytes, coding: str) -> bytes:
    """Apply one content coding."""
    match coding:
        case "identity":
            return body
        case "gzip":
            return gzip.compress(body, mtime=0)
        case "deflate":
            return zlib.compress(body)
        case "raw-deflate":
            deflater = zlib.compressobj(wbits=-15)
            return deflater.compress(body) + deflater.flush()
        case "br":
            coded: bytes = brotli.compress(body)
            return coded
        case "zstd":
            return zstandard.ZstdCompressor().compress(body)
    raise AssertionError(coding)
