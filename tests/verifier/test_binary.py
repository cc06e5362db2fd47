"""Binary content is what its bytes are, in every spelling and every wire format (SPEC §8.4)."""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import Any

import pytest

from braid.call import History
from braid.node import Kind, Origin
from braid.wire import anthropic, gemini, interactions, openai_chat, openai_responses
from braid.wire.block import Block
from braid_verifier.binary import held, held_in
from braid_verifier.history import canonical
from fakes.past import Past

BYTES = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) + b"\xfb\xff\xbe\xff"
STANDARD = base64.b64encode(BYTES).decode()
SPELLINGS = {
    "standard": STANDARD,
    "wrapped": "\r\n".join(STANDARD[n : n + 76] for n in range(0, len(STANDARD), 76)),
    "URL-safe": STANDARD.translate(str.maketrans("+/", "-_")),
    "without padding": STANDARD.rstrip("="),
}
URL = f"data:image/png;base64,{STANDARD}"
assert STANDARD.endswith("=") and {"+", "/"} <= set(STANDARD)


def anthropic_image(data: str, **more: Any) -> Block:
    source = {"type": "base64", "media_type": "image/png", "data": data}
    image = {"type": "image", "source": source, **more}
    body = {"messages": [{"role": "user", "content": [image]}]}
    return read(anthropic, body)


def read(wire: Any, body: Any) -> Block:
    (block,) = wire.read_request(json.dumps({"model": "m", **body}).encode()).messages
    assert isinstance(block, Block) and block.kind is Kind.MEDIA
    return block


@pytest.mark.parametrize("name", SPELLINGS)
def test_base64_is_known_however_it_is_written(name: str) -> None:
    assert canonical(anthropic_image(SPELLINGS[name])) == canonical(anthropic_image(STANDARD))


@pytest.mark.parametrize("name", SPELLINGS)
def test_other_bytes_are_not(name: str) -> None:
    other = SPELLINGS[name].replace("A", "B", 1)
    assert canonical(anthropic_image(other)) != canonical(anthropic_image(STANDARD))


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        (openai_chat, {"type": "image_url", "image_url": {"url": URL}}),
        (openai_responses, {"type": "input_image", "image_url": URL}),
        (gemini, {"inlineData": {"mimeType": "image/png", "data": SPELLINGS["URL-safe"]}}),
        (gemini, {"inline_data": {"mime_type": "image/png", "data": SPELLINGS["wrapped"]}}),
        (interactions, {"type": "image", "mime_type": "image/png", "data": STANDARD}),
    ],
)
def test_every_format_says_the_same(wire: Any, body: Any) -> None:
    where = {
        openai_chat: {"messages": [{"role": "user", "content": [body]}]},
        openai_responses: {"input": [{"role": "user", "content": [body]}]},
        gemini: {"contents": [{"role": "user", "parts": [body]}]},
        interactions: {"input": [{"type": "user_input", "content": [body]}]},
    }
    assert canonical(read(wire, where[wire])) == canonical(anthropic_image(STANDARD))
    assert held_in(body) == held("image/png", BYTES)


@pytest.mark.parametrize("data", [STANDARD, SPELLINGS["wrapped"]])
@pytest.mark.parametrize("label", ["title", "context"])
def test_what_the_model_is_told_beside_it_counts(label: str, data: str) -> None:
    was, now = (
        anthropic_image(STANDARD, **{label: "valid"}),
        anthropic_image(data, **{label: "void"}),
    )
    assert canonical(was) != canonical(now)
    answer = Block(Kind.TEXT, Origin.PROVIDER, "text/plain", b"A mountain.", {})
    asked = [now, dataclasses.replace(answer, origin=Origin.CLIENT)]
    changed, moved = Past([was, answer]).judge(asked).blocks
    assert (changed.code, moved.code) == (History.FORKED, History.MOVED)
    assert canonical(was) == canonical(anthropic_image(data, **{label: "valid"}))


@pytest.mark.parametrize(
    ("wire", "where", "part", "label", "told"),
    [
        (
            openai_responses,
            "input",
            {"type": "input_file", "file_data": URL},
            "filename",
            ["a", "b"],
        ),
        (
            gemini,
            "contents",
            {"inlineData": {"mimeType": "image/png", "data": STANDARD}},
            "videoMetadata",
            [{"fps": 1}, {"fps": 2}],
        ),
    ],
)
def test_other_formats_tell_it_in_members_of_their_own(
    wire: Any, where: str, part: Any, label: str, told: list[Any]
) -> None:
    parts = "content" if wire is openai_responses else "parts"
    asked = [{where: [{"role": "user", parts: [{**part, label: said}]}]} for said in told]
    assert canonical(read(wire, asked[0])) != canonical(read(wire, asked[1]))


def test_a_small_file_in_the_place_of_another_is_no_placeholder() -> None:
    answer = Block(Kind.TEXT, Origin.PROVIDER, "text/plain", b"A mountain.", {})
    asked = [anthropic_image("QUJD"), dataclasses.replace(answer, origin=Origin.CLIENT)]
    changed, moved = Past([anthropic_image(STANDARD), answer]).judge(asked).blocks
    assert (changed.code, moved.code) == (History.FORKED, History.MOVED)


def test_a_title_that_another_format_has_no_place_for_is_no_change() -> None:
    image = read(
        openai_chat,
        {
            "messages": [
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": URL}}]}
            ]
        },
    )
    answer = Block(Kind.TEXT, Origin.PROVIDER, "text/plain", b"A mountain.", {})
    asked = [image, dataclasses.replace(answer, origin=Origin.CLIENT)]
    verdicts = Past([anthropic_image(STANDARD, title="valid"), answer]).judge(asked).blocks
    assert [one.code for one in verdicts] == [History.VARIANT, History.CONTINUED]


def test_a_part_that_holds_no_one_thing_is_none() -> None:
    parts: list[Any] = [
        {"type": "image", "source": {"type": "url", "url": "https://example.org/x.png"}},
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "abcd"},
        },
        {"image_url": URL, "file_data": URL},
        {"data": "a", "mime_type": "image/png"},
        {"data": STANDARD, "mime_type": "no type"},
        {"data": "§", "mime_type": "image/png"},
        {"data": "QQ==QUJDAA", "mime_type": "image/png"},
        {},
    ]
    for part in parts:
        assert held_in(part) is None, part


def test_a_document_of_json_is_not_what_it_describes() -> None:
    inside = {"type": "image", "data": STANDARD, "mime_type": "image/png"}
    written = base64.b64encode(json.dumps(inside).encode()).decode()
    source = {"type": "base64", "media_type": "application/json", "data": written}
    body = {"messages": [{"role": "user", "content": [{"type": "document", "source": source}]}]}
    assert canonical(read(anthropic, body)) != canonical(anthropic_image(STANDARD))


def test_what_is_known_by_another_value_is_known_by_its_bytes() -> None:
    """Stores keep the values of before, which were other ones for base64 in lines."""
    blocks = [anthropic_image(SPELLINGS["wrapped"])]
    past = Past(blocks)
    past.nodes[0] = dataclasses.replace(past.nodes[0], match=b"of before")
    (verdict,) = past.judge([anthropic_image(STANDARD)]).blocks
    assert verdict.code is History.VARIANT and verdict.known == 0
