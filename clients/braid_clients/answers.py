"""The words of an answer as an SDK hands it over, read by the reader of its wire format.

What the SDKs parsed is written as JSON again and read as if it came from the provider: a
whole answer as a body, the events of a stream as a stream. Nothing here imports an SDK.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from braid.node import Kind
from braid.wire import anthropic, gemini, interactions, openai_chat, openai_responses
from braid.wire.block import AnswerReader, Block, Request
from braid_verifier import Wire

# What helpers of streams call the whole that they put together.
_FINAL = ("get_final_message", "get_final_completion", "get_final_response")
# What google-genai puts beside an answer that the provider did not send.
_BESIDE = {"sdk_http_response", "automatic_function_calling_history", "parsed"}
_ANTHROPIC_EVENT = ("message_", "content_block_")
_GEMINI = ("candidates", "promptFeedback", "usageMetadata", "modelVersion", "responseId")
_READERS = {
    Wire.ANTHROPIC: anthropic.read_answer,
    Wire.OPENAI_CHAT: openai_chat.read_answer,
    Wire.OPENAI_RESPONSES: openai_responses.read_answer,
    Wire.GEMINI: gemini.read_answer,
    Wire.INTERACTIONS: interactions.read_answer,
}
_CONTENT = (Kind.TEXT, Kind.THINKING, Kind.TOOL_USE, Kind.TOOL_RESULT, Kind.MEDIA)
# What is said about a whole candidate has its number too.
_ABOUT = "candidate"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer says: its blocks, in the order of its candidates, and how it ended.

    `about` are blocks that stand beside these: what is said of a whole candidate. `usage` is JSON.
    """

    blocks: tuple[Block, ...]
    id: str | None
    stop_reason: str | None
    about: tuple[Block, ...] = ()
    usage: bytes | None = None


def answer_in(response: object) -> Any:
    """Give the answer that a response holds; from an async client it may have to be awaited.

    A raw response is parsed, a stream with helpers read to its end. Raises TypeError for a
    stream whose events are the program's to keep.
    """
    for name in _FINAL:
        final = getattr(response, name, None)
        if callable(final):
            return final()
    if hasattr(response, "sdk_http_response"):
        return response
    if isinstance(response, Sequence) and response and hasattr(response[0], "sdk_http_response"):
        return response
    parse = getattr(response, "parse", None)
    if callable(parse) and hasattr(response, "http_request"):
        return parse()
    raise TypeError(
        f"{type(response).__name__}: expected a raw response, a stream with helpers or a response "
        "of google-genai; of any other stream pass what it brought: check(stream, events)"
    )


def said_in(answer: object) -> Said:
    """Read what an answer says: an SDK's object, the events of a stream in a list, or JSON.

    Raises TypeError for what is no answer in any known wire format, or is one in several.
    """
    streamed = isinstance(answer, Sequence) and not isinstance(answer, str | bytes)
    pieces = [_plain(piece) for piece in answer] if streamed else [_plain(answer)]  # type: ignore[attr-defined]
    wires = {wire for piece in pieces for wire in _wires_of(piece)}
    # SDKs keep members that they do not know. Genuine words in the shape of one format must not
    # vouch for what the program reads in another.
    if len(wires) != 1:
        raise TypeError(
            f"{type(answer).__name__}: expected an answer of one known wire format, "
            f"got {', '.join(sorted(wires)) or 'none'}"
        )
    (wire,) = wires
    reader: AnswerReader
    if streamed:
        reader = _READERS[wire](200, "text/event-stream", _REQUEST)
        body = b"".join(_event(wire, piece) for piece in pieces)
        if wire is Wire.OPENAI_CHAT:
            body += b"data: [DONE]\n\n"
    else:
        reader = _READERS[wire](200, "application/json", _REQUEST)
        body = _json(pieces[0])
    blocks = list(reader.feed(body).blocks)
    rest, outcome = reader.close()
    blocks += rest
    content = [block for block in blocks if is_content(block.kind, block.content, block.attrs)]
    content.sort(key=lambda block: block.candidate)
    about = tuple(block for block in blocks if is_about(block.attrs))
    return Said(tuple(content), outcome.id, outcome.stop_reason, about, outcome.usage)


# The readers ask a request for little, and of that nothing that an SDK's object still needs.
_REQUEST = Request(tools=(), system=(), messages=(), parameters=b"{}", candidates=1)


def is_content(kind: Kind, content: bytes, attrs: Mapping[str, object]) -> bool:
    """Tell what an answer says from what stands beside it, and from text of no length."""
    if kind is Kind.TEXT and not content:
        return False
    return kind in _CONTENT or ("index" in attrs and not is_about(attrs))


def is_about(attrs: Mapping[str, object]) -> bool:
    """Tell what is said of a whole candidate."""
    return attrs.get("type") == _ABOUT


def _plain(piece: object) -> Json:
    if isinstance(piece, Mapping):
        return dict(piece)
    dump = getattr(piece, "model_dump", None)
    if not callable(dump):
        raise TypeError(f"{type(piece).__name__}: expected an answer of an SDK, or JSON")
    if hasattr(piece, "sdk_http_response"):
        value = dump(by_alias=True, exclude_none=True, exclude=_BESIDE)
    else:
        value = dump(by_alias=True, exclude_unset=True, warnings=False)
    return value if isinstance(value, dict) else {}


def _json(piece: Json) -> bytes:
    return msgspec.json.encode(piece, enc_hook=_simple)


def _simple(value: object) -> object:
    # google-genai has a str of its own for values that it does not know.
    return str(value) if isinstance(value, str) else _plain(value)


def _wires_of(piece: Json) -> Iterator[Wire]:
    """Give every format that a program could read words of this in."""
    kind, named = piece.get("type"), piece.get("object")
    if (
        kind == "message"
        or _begins(kind, _ANTHROPIC_EVENT)
        or isinstance(piece.get("content"), list)
    ):
        yield Wire.ANTHROPIC
    if named in ("chat.completion", "chat.completion.chunk") or "choices" in piece:
        yield Wire.OPENAI_CHAT
    if named == "response" or _begins(kind, "response.") or "output" in piece:
        yield Wire.OPENAI_RESPONSES
    if named == "interaction" or "steps" in piece or "event_type" in piece:
        yield Wire.INTERACTIONS
    if any(name in piece for name in _GEMINI):
        yield Wire.GEMINI


def _begins(kind: object, with_: str | tuple[str, ...]) -> bool:
    return isinstance(kind, str) and kind.startswith(with_)


def _event(wire: Wire, piece: Json) -> bytes:
    name = piece.get("event_type" if wire is Wire.INTERACTIONS else "type")
    head = b"" if not isinstance(name, str) else b"event: " + name.encode() + b"\n"
    return head + b"data: " + _json(piece) + b"\n\n"


def body_of(request: Mapping[str, object]) -> bytes:
    """Write the arguments of an SDK's call as the body of its request.

    Raises TypeError for what is neither JSON nor an object of an SDK.
    """
    return msgspec.json.encode(request, enc_hook=_plain)
