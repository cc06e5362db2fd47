"""Text forms: one spelling for each value, and times that exist (SPEC §2.1)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from braid.encoding import decode, encode, is_time, write_time
from braid.errors import Malformed

SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def read(text: str, length: int | None = None) -> bytes | str:
    """Give the bytes, or the code of the refusal."""
    try:
        return decode(text, "place", length)
    except Malformed as fault:
        return fault.code


def test_base64url_vectors_decode_as_they_say(vectors: Path) -> None:
    cases = json.loads((vectors / "base64url.json").read_text("utf-8"))
    for case in cases:
        expected = case["code"] or bytes.fromhex(case["hex"])
        assert read(case["text"]) == expected, case["comment"]
        if case["code"] is None:
            assert encode(bytes.fromhex(case["hex"])) == case["text"]
    assert {case["code"] for case in cases} == {None, "E_ENC"}


@given(st.binary(max_size=200))
def test_decoding_undoes_encoding(raw: bytes) -> None:
    text = encode(raw)
    assert decode(text, "place") == decode(text, "place", len(raw)) == raw
    assert set(text) <= set(SAFE)


@given(st.text(alphabet=SAFE + "=+/ \n", max_size=90))
def test_what_decodes_is_the_only_spelling(text: str) -> None:
    value = read(text)
    assert value == "E_ENC" or (isinstance(value, bytes) and encode(value) == text)


@given(st.text(max_size=90))
def test_any_text_decodes_or_is_refused(text: str) -> None:
    value = read(text)
    assert value == "E_ENC" or (isinstance(value, bytes) and encode(value) == text)


@pytest.mark.parametrize("size", [32, 64])
def test_each_last_character_but_one_in_four_or_sixteen_is_refused(size: int) -> None:
    text = encode(bytes(range(size)))
    accepted = [last for last in SAFE if read(text[:-1] + last, size) != "E_ENC"]
    assert len(accepted) == {32: 16, 64: 4}[size]
    assert len({decode(text[:-1] + last, "place") for last in accepted}) == len(accepted)


@given(st.binary(max_size=80), st.sampled_from([0, 1, 16, 31, 32, 33, 63, 64, 65]))
def test_another_length_is_refused(raw: bytes, length: int) -> None:
    value = read(encode(raw), length)
    assert value == (raw if len(raw) == length else "E_ENC")


def test_the_refusal_names_the_place_and_not_the_value() -> None:
    with pytest.raises(Malformed, match=r"^nodes\[3\]\.s: expected 64 bytes, got 3$"):
        decode("AAAA", "nodes[3].s", 64)
    with pytest.raises(Malformed) as caught:
        decode("secret words", "b64")
    assert "secret" not in str(caught.value)


def test_time_vectors_are_judged_as_they_say(vectors: Path) -> None:
    cases = json.loads((vectors / "times.json").read_text("utf-8"))
    assert {case["time"]: is_time(case["time"]) for case in cases} == {
        case["time"]: case["good"] for case in cases
    }


@given(
    st.datetimes(
        min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)
    ),
    st.integers(-14, 14),
)
def test_a_written_time_is_read_and_cut_to_milliseconds(moment: datetime, hours: int) -> None:
    text = write_time(moment.astimezone(timezone(timedelta(hours=hours))))
    assert is_time(text)
    cut = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert datetime.fromisoformat(text) == cut


@given(st.text(max_size=30))
def test_no_text_makes_the_time_check_raise(text: str) -> None:
    assert is_time(text) in (True, False)
