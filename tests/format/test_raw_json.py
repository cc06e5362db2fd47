"""Faults are found whatever the spelling, and raw parts are the same by either way of reading."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from braid import strict_json
from braid.errors import Malformed
from braid.wire.raw_json import (
    DEPTH_LIMIT,
    DIGITS_LIMIT,
    attrs_can_hold,
    find_fault,
    join_items,
    join_members,
    read_items,
    read_members,
    read_text,
    read_word,
)

NAMES = st.sampled_from(["a", "A", "b", "input", "ſ", "s", ""])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner),
    max_leaves=12,
)

FAULTY = [
    (b"", "not json"),
    (b"{", "not json"),
    (b"{} {}", "not json"),
    (b"[01]", "not json"),
    (b'["\n"]', "not json"),
    (b'["\\N"]', "not json"),
    (b"[TRUE]", "not json"),
    (b"\x00\xff\xfe", "not utf-8"),
    (b'["\xed\xa0\x80"]', "not utf-8"),
    (b'["\xc0\x80"]', "not utf-8"),
    (b"\xef\xbb\xbf{}", "a byte order mark"),
    (b"[NaN]", "nan or infinity"),
    (b'{"a":-Infinity}', "nan or infinity"),
    (b"[1e999]", "a number beyond a double"),
    (b"[%b]" % (b"9" * 309), "a number beyond a double"),
    (b"[%b]" % (b"1" * (DIGITS_LIMIT + 1)), "a number of more than 1000 digits"),
    (b'{"a":1,"a":2}', "a repeated name"),
    (b'{"a":1,"\\u0061":2}', "a repeated name"),
    (b'[{"b":[{"a":1,"a":1}]}]', "a repeated name"),
    (b'{"a":1,"A":2}', "names that differ only in case"),
    ('{"s":1,"ſ":2}'.encode(), "names that differ only in case"),
    (b'{"k":1,"\\u212a":2}', "names that differ only in case"),
    (b"[" * (DEPTH_LIMIT + 1) + b"]" * (DEPTH_LIMIT + 1), "nested deeper than 200"),
    (b"[" * 10**6, "nested deeper than 200"),
    (b'{"a":' * 10**5, "nested deeper than 200"),
]


@pytest.mark.parametrize(("document", "fault"), FAULTY)
def test_a_fault_is_named(document: bytes, fault: str) -> None:
    assert find_fault(document) == fault


@pytest.mark.parametrize(("document", "fault"), FAULTY)
def test_a_fault_is_found_in_any_spelling(document: bytes, fault: str) -> None:
    # More than the quick proof takes, and with what it does not take.
    if fault in ("not json", "a byte order mark") and not document.startswith((b"[", b"\xef")):
        return
    padded = b'[{"\\u0070":"%b"}, %b]' % (b"x" * DIGITS_LIMIT, document)
    expected = "not json" if fault == "a byte order mark" else fault
    assert find_fault(padded) == expected


@pytest.mark.parametrize(
    "document",
    [
        b" {} \r\n",
        b'"\\ud800"',
        b'{"a":{"A":1},"b":[{"a":1}]}',
        b'{"type":"ping"           } ',
        b"[" * DEPTH_LIMIT + b"]" * DEPTH_LIMIT,
        b'{"a":"%b"}' % (b"[{" * 10**4),
        b'{"a":"\\\\","b":"%b"}' % (b'\\"[' * 10**4),
        b"[%b]" % b",".join([b"[]"] * 10**4),
    ],
)
def test_what_every_parser_reads_alike_has_no_fault(document: bytes) -> None:
    assert find_fault(document) is None


@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_the_quick_proof_never_says_otherwise(
    value: object, ascii_only: bool, indent: int | None
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent, separators=(",", ":"))
    document = text.encode("utf-8", "replace")
    assert find_fault(document) == find_fault(document.ljust(DIGITS_LIMIT + 1))


def test_names_in_data_may_differ_in_case() -> None:
    document = b'{"messages":[{"input":{"n":1,"N":{"x":1,"X":2}}}]}'
    assert find_fault(document) == "names that differ only in case"
    assert find_fault(document, {("messages", "input")}) is None
    assert find_fault(document, {("input",)}) == "names that differ only in case"


def test_names_in_data_repeat_only_where_that_is_allowed() -> None:
    document = b'{"input":{"n":1,"n":2}}'
    assert find_fault(document, {("input",)}) == "a repeated name"
    assert find_fault(document, {("input",)}, repeats_in_data=True) is None
    outside = b'{"input":{"n":1,"n":2},"input":1}'
    assert find_fault(outside, {("input",)}, repeats_in_data=True) == "a repeated name"
    hidden = b'{"input":{"n":1,"n":2},"a":NaN}'
    assert find_fault(hidden, {("input",)}, repeats_in_data=True) == "nan or infinity"


@given(st.binary())
def test_no_bytes_make_it_raise(document: bytes) -> None:
    find_fault(document)
    find_fault(b'{"a":' + document + b"}")


@given(st.dictionaries(st.text(), VALUES), st.sampled_from([None, 1]))
def test_members_and_items_are_had_raw(value: dict[str, object], indent: int | None) -> None:
    raw = Raw(json.dumps(value, indent=indent).encode())
    members = read_members(raw)
    assert {name: json.loads(bytes(member)) for name, member in members.items()} == value
    listed = Raw(json.dumps(list(value.values()), indent=indent).encode())
    assert [json.loads(bytes(item)) for item in read_items(listed)] == list(value.values())
    assert json.loads(bytes(join_members(members))) == value
    assert json.loads(bytes(join_items(members.values()))) == list(value.values())


def test_spelling_is_kept_beside_a_lone_surrogate() -> None:
    raw = Raw(b'{ "a" : 1.10 ,\t"\\ud800":[1E2 ], "c":"\\ud800" , "d" : {} }')
    members = {name: bytes(value) for name, value in read_members(raw).items()}
    assert members == {"a": b"1.10", "\ud800": b"[1E2 ]", "c": b'"\\ud800"', "d": b"{}"}
    assert list(map(bytes, read_items(Raw(b'[ "\\udc00" , 1.0]')))) == [b'"\\udc00"', b"1.0"]
    assert read_items(Raw(b"[ ]")) == []


@pytest.mark.parametrize(
    ("literal", "content", "media"),
    [
        (b'"plain"', b"plain", "text/plain"),
        ('"é\\n"'.encode(), "é\n".encode(), "text/plain"),
        (b'"\\ud83d\\ude00"', "😀".encode(), "text/plain"),
        (b'"\\ud83d"', b'"\\ud83d"', "application/json"),
        (b'"a\\uDE00\\n"', b'"\\u0061\\ude00\\u000a"', "application/json"),
        ('"😀\\ud800"'.encode(), b'"\\ud83d\\ude00\\ud800"', "application/json"),
    ],
)
def test_a_string_that_utf_8_cannot_hold_is_a_literal(
    literal: bytes, content: bytes, media: str
) -> None:
    assert read_text(Raw(literal)) == (content, media)
    if media == "application/json":
        assert json.loads(content) == json.loads(literal)


@pytest.mark.parametrize("raw", [b"1", b"null", b"{}", b'"\\ud800"'])
def test_what_is_no_word_is_none(raw: bytes) -> None:
    assert read_word(Raw(raw)) is None
    assert read_word(None) is None
    assert read_word(Raw(b'"\\u0061"')) == "a"


@given(st.dictionaries(st.text(st.characters(exclude_categories=())), VALUES))
def test_attrs_hold_what_the_format_calls_strict(value: dict[str, object]) -> None:
    members = read_members(Raw(json.dumps(value).encode()))
    try:
        strict_json.read_object(bytes(join_members(members)), "attrs")
    except Malformed:
        assert not attrs_can_hold(members)
    else:
        assert attrs_can_hold(members)


def test_near_the_end_of_the_stack_it_still_answers() -> None:
    def descend(left: int) -> str | None:
        return descend(left - 1) if left else find_fault(b"[" * 150 + b"]" * 150)

    frames = 0
    frame = sys._getframe()
    while frame.f_back is not None:
        frame, frames = frame.f_back, frames + 1
    assert descend(sys.getrecursionlimit() - frames - 40) in (None, "nested deeper than 200")
