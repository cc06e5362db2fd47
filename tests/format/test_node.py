"""Headers: one string for each header, and every other string refused (SPEC §3)."""

from __future__ import annotations

import json
import string
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from braid.encoding import encode, write_time
from braid.errors import Malformed
from braid.node import (
    HAS_SEAL,
    MAX_PREV,
    MAY_HAVE_ABOUT,
    MAY_HAVE_LINK,
    ORIGINS,
    Header,
    Kind,
    Link,
    Origin,
    Relation,
    SealClaim,
    is_media,
    read_header,
    write_header,
)

KEYS = st.binary(min_size=32, max_size=32).map(encode)
SIGNATURES = st.binary(min_size=64, max_size=64).map(encode)
INTEGERS = st.integers(0, 2**53 - 1)
MEDIA_CHARACTERS = string.ascii_lowercase + string.digits + "!#$&^_.+-"
MEDIA = st.sampled_from(["text/plain", "application/json"]) | st.from_regex(
    "[a-z0-9][a-z0-9!#$&^_.+-]{0,30}/[a-z0-9][a-z0-9!#$&^_.+-]{0,30}", fullmatch=True
)


@st.composite
def headers(draw: st.DrawFn) -> Header:
    kind = draw(st.sampled_from(Kind))
    seq = draw(st.just(0) | INTEGERS)
    may_link = kind in MAY_HAVE_LINK or seq == 0
    links = st.lists(st.builds(Link, KEYS, SIGNATURES, st.sampled_from(Relation)), max_size=8)
    return Header(
        braid=draw(KEYS),
        seq=seq,
        prev=tuple(draw(st.lists(SIGNATURES, max_size=64, unique=True))),
        kind=kind,
        origin=draw(st.sampled_from(sorted(ORIGINS[kind]))),
        media=draw(MEDIA),
        time=write_time(draw(st.datetimes(timezones=st.just(UTC)))),
        content=draw(KEYS),
        about=tuple(draw(st.lists(SIGNATURES, max_size=16, unique=True)))
        if kind in MAY_HAVE_ABOUT
        else (),
        link=tuple(draw(links)) if may_link else (),
        seal=draw(st.builds(SealClaim, INTEGERS, KEYS)) if kind in HAS_SEAL else None,
    )


def read(text: str) -> Header | str:
    """Give the header, or the code of the refusal; anything else escapes and fails the test."""
    try:
        return read_header(text)
    except Malformed as fault:
        return fault.code


def test_header_vectors_are_read_or_refused_as_they_say(vectors: Path) -> None:
    for case in json.loads((vectors / "headers.json").read_text("utf-8")):
        value = read(case["header"])
        code = value if isinstance(value, str) else None
        assert code == case["code"], case["comment"]
        if isinstance(value, Header):
            assert write_header(value) == case["header"]


def test_good_header_vectors_mean_what_json_says(vectors: Path) -> None:
    for case in json.loads((vectors / "headers.json").read_text("utf-8")):
        if case["code"] is None:
            fields, header = json.loads(case["header"]), read_header(case["header"])
            assert fields.pop("v") == 1
            for name, value in fields.items():
                own = getattr(header, name)
                if name == "link":
                    own = [{"braid": at.braid, "node": at.node, "rel": at.rel} for at in own]
                elif name == "seal":
                    own = {"count": own.count, "tree": own.tree}
                assert (list(own) if isinstance(own, tuple) else own) == value


@given(headers())
def test_reading_undoes_writing(header: Header) -> None:
    text = write_header(header)
    assert read_header(text) == header
    assert text.encode("ascii").isascii()
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))


SAMPLES = [
    Header(
        braid=encode(bytes(range(32))),
        seq=10,
        prev=(encode(bytes(range(64))), encode(bytes(range(1, 65)))),
        kind=Kind.CALL,
        origin=next(iter(ORIGINS[Kind.CALL])),
        media="application/json",
        time="2026-02-28T23:59:59.999Z",
        content=encode(bytes(range(2, 34))),
        about=(encode(bytes(range(3, 67))),),
        link=(Link(encode(bytes(range(4, 36))), encode(bytes(range(5, 69))), Relation.AUDITS),),
    ),
    Header(
        braid=encode(bytes(range(32))),
        seq=0,
        prev=(),
        kind=Kind.SEAL,
        origin=next(iter(ORIGINS[Kind.SEAL])),
        media="text/plain",
        time="2026-02-28T23:59:59.999Z",
        content=encode(bytes(range(2, 34))),
        seal=SealClaim(0, encode(bytes(range(6, 38)))),
    ),
]


@pytest.mark.parametrize("header", SAMPLES, ids=["call", "seal"])
def test_every_change_of_one_character_is_refused_or_another_header(header: Header) -> None:
    text = write_header(header)
    strange = {"\x00", "\t", "\n", " ", "\x7f", "\u00e9", "\u0661", "\ud800"}
    printable = {chr(code) for code in range(0x21, 0x7F)}
    changed = 0
    for at in range(len(text)):
        for character in (printable | strange) - {text[at]}:
            value = read(text[:at] + character + text[at + 1 :])
            changed += isinstance(value, Header)
            assert value != header, (at, character)
        for character in strange | {'"', ",", "0", "A", text[at]}:
            assert read(text[:at] + character + text[at:]) != header, (at, character)
        assert read(text[:at] + text[at + 1 :]) != header
        assert isinstance(read(text[:at]), str)
    assert changed > 1000


@settings(max_examples=300)
@given(headers(), st.data())
def test_every_edit_of_a_header_is_refused_or_another_header(
    header: Header, data: st.DataObject
) -> None:
    text = write_header(header)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 8)))
    mutant = text[:start] + data.draw(st.text(max_size=8)) + text[end:]
    value = read(mutant)
    if isinstance(value, Header):
        assert write_header(value) == mutant
    if mutant != text:
        assert value != header


@given(st.text(max_size=400))
def test_whatever_comes_nothing_but_malformed_escapes(text: str) -> None:
    assert isinstance(read(text), str)


@pytest.mark.parametrize(
    "text", ["[" * 16384, '{"a":' * 3000, "\ud800" * 100, '"' * 16384, "\\" * 16384, "9" * 16384]
)
def test_hostile_headers_are_refused(text: str) -> None:
    assert read(text) in {"E_HDR", "E_LIMIT"}


def test_a_writer_cannot_write_what_a_reader_refuses() -> None:
    good = SAMPLES[0]
    for name, value, code in (
        ("media", "Text/plain", "E_HDR"),
        ("time", "2026-02-30T00:00:00.000Z", "E_HDR"),
        ("seq", -1, "E_HDR"),
        ("seq", 2**53, "E_HDR"),
        ("braid", "x", "E_HDR"),
        ("prev", good.prev * 2, "E_PREV"),
        ("about", good.about * 2, "E_ABOUT"),
        ("seal", SealClaim(1, good.content), "E_SEAL"),
        ("media", 'text/plain","x":"y', "E_HDR"),
    ):
        fields = {field: getattr(good, field) for field in good.__struct_fields__}
        with pytest.raises(Malformed) as caught:
            write_header(Header(**{**fields, name: value}))
        assert caught.value.code == code, name


@pytest.mark.parametrize("count", [0, 1, 2, MAX_PREV])
def test_a_writer_of_a_header_with_nothing_optional_cannot_either(count: int) -> None:
    names = SAMPLES[0].__struct_fields__
    good = {name: getattr(SAMPLES[0], name) for name in names}
    signature, *rest = (encode(bytes([number] * 64)) for number in range(MAX_PREV + 1))
    prev = tuple(rest[:count])
    good |= {"kind": Kind.TEXT, "origin": Origin.PROVIDER, "seq": 7, "prev": prev}
    good |= {"about": (), "link": (), "seal": None}
    assert read_header(write_header(Header(**good))) == Header(**good)
    for name, value, code in (
        ("braid", "x", "E_HDR"),
        ("content", "x", "E_HDR"),
        ("media", "Text/plain", "E_HDR"),
        ("media", "a/" + "b" * 63, "E_LIMIT"),
        ("time", "2026-02-30T00:00:00.000Z", "E_HDR"),
        ("time", "2026-02-03T00:00:00Z", "E_HDR"),
        ("seq", -1, "E_HDR"),
        ("seq", 2**53, "E_HDR"),
        ("origin", Origin.MONITOR, "E_HDR"),
        ("kind", Kind.SEAL, "E_HDR"),
        ("seq", True, "E_HDR"),
        ("prev", (*prev, "x"), "E_HDR"),
        ("prev", (*prev, signature[:-1] + "B"), "E_HDR"),
        ("prev", (signature, *rest), "E_LIMIT"),
        ("prev", (signature, *prev[2:], signature), "E_PREV"),
        ("prev", (f'{signature}","{signature}',), "E_PREV"),
    ):
        with pytest.raises(Malformed) as caught:
            write_header(Header(**{**good, name: value}))
        assert caught.value.code == code, name


@given(st.text(max_size=70))
def test_media_is_what_a_header_takes(media: str) -> None:
    good = SAMPLES[1]
    fields = {field: getattr(good, field) for field in good.__struct_fields__}
    try:
        write_header(Header(**{**fields, "media": media}))
    except Malformed:
        accepted = False
    else:
        accepted = True
    assert is_media(media) is accepted


def test_messages_say_where_and_what_and_repeat_no_value() -> None:
    text = write_header(SAMPLES[0])
    for mutant, message in (
        (text.replace('"seq":10', '"seq":-1'), "header: seq: expected an integer from 0"),
        (text.replace('"v":1', '"v":2'), "header: v: expected 1"),
        (text.replace(',"v":1', ""), "header: field v is missing"),
        (text.replace('"v":1', '"w":1'), "header: unknown field w"),
        (text.replace(",", ", ", 1), "header: expected bytes 0x21 to 0x7E without a backslash"),
        (text.replace("2026-02-28", "2026-02-30"), "time: not a moment that exists"),
    ):
        with pytest.raises(Malformed) as caught:
            read_header(mutant)
        assert str(caught.value) == message
