"""JSON read so that no two readers see different things (SPEC §2.5)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from braid.errors import Malformed
from braid.strict_json import Json, decode_utf8, dumps, loads, loads_object, read_object

VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=20,
)


def read(raw: bytes, max_depth: int = 256) -> Json | Malformed:
    """Give the value, or the refusal; anything else escapes and fails the test."""
    try:
        return loads(decode_utf8(raw, "place"), "place", max_depth)
    except Malformed as fault:
        return fault


def test_vectors_are_read_or_refused_as_they_say(vectors: Path) -> None:
    cases = json.loads((vectors / "strict_json.json").read_text("utf-8"))
    for case in cases:
        raw = bytes.fromhex(case["hex"])
        value = read(raw)
        code = value.code if isinstance(value, Malformed) else None
        assert code == case["code"], raw[:60]
    assert {case["code"] for case in cases} == {None, "E_UTF8", "E_JSON", "E_DUPKEY", "E_DEPTH"}


def test_good_vectors_mean_what_json_says(vectors: Path) -> None:
    for case in json.loads((vectors / "strict_json.json").read_text("utf-8")):
        if case["code"] is None:
            raw = bytes.fromhex(case["hex"])
            assert read(raw) == json.loads(raw)


@given(VALUES)
def test_what_is_written_is_read_again(value: Json) -> None:
    assert read(dumps(value).encode("utf-8")) == value


@given(VALUES)
def test_any_spelling_of_a_value_is_read(value: Json) -> None:
    for spaced in (json.dumps(value), json.dumps(value, indent=1, ensure_ascii=False)):
        assert read(spaced.encode("utf-8")) == value


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u0123dD8 \n-.eEtrufalsn', max_size=40))
def test_whatever_comes_nothing_but_malformed_escapes(data: bytes | str) -> None:
    raw = data if isinstance(data, bytes) else data.encode("utf-8")
    value = read(raw)
    if not isinstance(value, Malformed):
        assert value == json.loads(raw)


OBJECTS = st.dictionaries(st.text(max_size=6), VALUES, max_size=4)


@given(
    OBJECTS.map(lambda value: dumps(value).encode("utf-8"))
    | OBJECTS.map(lambda value: json.dumps(value, indent=1).encode("utf-8"))
    | st.binary(max_size=40)
    | st.text(alphabet='{}[]",:ab\\u0123dD8 \n-.eE', max_size=30).map(str.encode),
    st.sampled_from([1, 2, 256]),
)
def test_the_quick_reader_of_objects_agrees_with_the_slow_one(raw: bytes, depth: int) -> None:
    def outcome(quick: bool) -> object:
        try:
            if quick:
                return read_object(raw, "place", depth)
            return loads_object(decode_utf8(raw, "place"), "place", depth)
        except Malformed as fault:
            return fault.code, str(fault)

    quick, slow = outcome(True), outcome(False)
    assert quick == slow
    assert repr(quick) == repr(slow)


@pytest.mark.parametrize(
    ("raw", "good"),
    [
        (b"1" * 309, True),
        (b"1" * 310, False),
        (b"-" + b"1" * 309, True),
        (b"-" + b"9" * 309, False),
        (b"0." + b"1" * 998, True),
        (b"0." + b"1" * 999, False),
        (b"1.7976931348623157e308", True),
        (b"1.7976931348623159e308", False),
    ],
)
def test_a_number_fits_a_double_and_1000_characters(raw: bytes, good: bool) -> None:
    assert isinstance(read(raw), Malformed) is not good


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":1}',
        b'{"a":"\\ud800"}',
        b'{"a":1e400}',
        b'{"a":' + b"9" * 309 + b"}",
        b'{"a":' + b"9" * 308 + b"}",
        b'{"a":-' + b"9" * 309 + b"}",
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":0.' + b"9" * 999 + b"}",
        b'{"a":' + b"[" * 256 + b"]" * 256 + b"}",
        b'{"a":NaN}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":"\xff"}',
        b'{"a":-0}',
        b'{"a":1.0}',
        b'{"a":9007199254740993}',
        b'{"a":18446744073709551616}',
        b'{"a":1e-400}',
    ],
)
def test_the_quick_reader_meets_hard_cases_like_the_slow_one(raw: bytes) -> None:
    try:
        slow: object = repr(loads_object(decode_utf8(raw, "place"), "place"))
    except Malformed as fault:
        slow = fault.code, str(fault)
    try:
        quick: object = repr(read_object(raw, "place"))
    except Malformed as fault:
        quick = fault.code, str(fault)
    assert quick == slow


@pytest.mark.parametrize("limit", [1, 2, 8, 32, 256])
def test_depth_counts_the_outermost_bracket_as_one(limit: int) -> None:
    def code(raw: bytes) -> str | None:
        value = read(raw, limit)
        return value.code if isinstance(value, Malformed) else None

    assert code(b"[" * limit + b"]" * limit) is None
    assert code(b"[" * (limit + 1) + b"]" * (limit + 1)) == "E_DEPTH"
    assert code(b'{"a":' * limit + b"1" + b"}" * limit) is None
    assert code(b'{"a":' * (limit + 1) + b"1" + b"}" * (limit + 1)) == "E_DEPTH"
    assert code(b"[" + b",".join([b"[]"] * (limit + 5)) + b"]") == (
        "E_DEPTH" if limit == 1 else None
    )
    assert code(b'["' + b"[" * 1000 + b'\\"[["]') is None


@pytest.mark.parametrize(
    "raw", [b"[" * 1_000_000, b'{"a":' * 1_000_000, b"[{}" * 500_000, b'["' + b"\\" * 1_000_001]
)
def test_a_million_brackets_are_refused_at_once(raw: bytes) -> None:
    value = read(raw)
    assert isinstance(value, Malformed)
    assert value.code in {"E_DEPTH", "E_JSON"}


def test_the_published_jcs_documents_are_read(shared: Path) -> None:
    documents = sorted((shared / "vectors" / "jcs" / "input").glob("*.json"))
    assert len(documents) == 6
    for document in documents:
        assert read(document.read_bytes()) == json.loads(document.read_bytes())


def test_messages_name_the_place_and_never_a_word_that_was_read() -> None:
    for raw in (b'{"secret":1,"secret":2}', b'["secret]', b'{"secret\\ud800":1}', b'"secret'):
        value = read(raw)
        assert isinstance(value, Malformed)
        assert str(value).startswith("place: ")
        assert "secret" not in str(value)
