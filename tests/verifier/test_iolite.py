"""Iolite files are judged by their own rules, and what those do not cover is said."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from braid.errors import Malformed
from braid_verifier.iolite import Fit, Judgement, KeySource, Shape, judge, read_conversation
from fakes.iolite import Iolite, talk

SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def judged(raw: bytes) -> Judgement:
    return judge(read_conversation(raw))


def alias(signature: str) -> str:
    """Spell the same 64 bytes otherwise: the last character has four spare bits."""
    return signature[:-1] + SAFE[SAFE.index(signature[-1]) | 1]


# What the data's own README expects: shape, records, key, fits, genesis, tails, result.
EXPECTED = {
    "examples-2.json": (Shape.DECISION, 5, "none", Fit.NOT_CHECKED, 4, 4, "4 genesis"),
    "examples-3.json": (
        Shape.DECISION, 6, "quoted", Fit.RAW, 5, 5,
        "signatures valid, braid invalid (5 genesis)",
    ),
    "examples-thereAreFourLights.json": (
        Shape.DECISION, 7, "none", Fit.NOT_CHECKED, 1, 3, "topology sound",
    ),
    "dreams-Elevators-bothHydrated-v2-0006.debate": (
        Shape.DECISION, 6, "field", Fit.BASE64, 1, 2, "valid",
    ),
    "dreams-learnedEthics0.1-claude.dream": (
        Shape.HYDRATION, 1, "none", Fit.NOT_CHECKED, 1, 1, "topology sound",
    ),
    "dreams-learnedEthics0.2-claude.dream": (
        Shape.HYDRATION, 1, "field", Fit.BASE64, 1, 1, "valid",
    ),
    "dreams-learnedEthics0.9-claude.dream": (
        Shape.HYDRATION, 1, "field", Fit.BASE64, 1, 1, "valid",
    ),
    "brain-examples-dream-withjson.json": (Shape.PLAIN, 0, "none", None, 0, 0, "nothing signed"),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPECTED)
def test_every_historical_shape_is_judged_as_expected(shared: Path, name: str) -> None:
    shape, records, source, fit, genesis, tails, result = EXPECTED[name]
    said = judged((shared / "iolite" / name).read_bytes())
    assert (said.shape, said.records, str(said.key_source)) == (shape, records, source)
    assert set(said.fits) == ({fit} if fit else set()) and len(said.fits) == records
    links = said.links
    assert (len(links.genesis), len(links.tails)) == (genesis, tails)
    assert not (links.repeated or links.orphans or links.cyclic or said.loose)
    assert said.result.endswith(result)
    if source == "none" and records:
        assert said.result.startswith("unverifiable")


@pytest.mark.parametrize("name", ["brain-examples-6.json", "examples-HydrationDrift-raw.json"])
def test_what_is_no_json_is_refused(shared: Path, name: str) -> None:
    with pytest.raises(Malformed, match="character 0"):
        read_conversation((shared / "iolite" / name).read_bytes())


@pytest.mark.parametrize("base64_signed", [False, True])
def test_both_ways_of_signing_are_recognised(base64_signed: bool) -> None:
    said = judged(talk(base64_signed=base64_signed).write())
    assert said.result == "valid"
    assert set(said.fits) == {Fit.BASE64 if base64_signed else Fit.RAW}
    assert len(said.links.tails) == 2


def test_the_first_spelling_had_capitals_and_no_links() -> None:
    told = Iolite(base64_signed=False)
    record = {"Data": "hi", "Signature": told.sign("hi", "")}
    said = judged(json.dumps({"PublicKey": told.file["PublicKey"], "Texts": [record]}).encode())
    assert (said.result, said.fits) == ("valid", (Fit.RAW,))


def test_one_changed_letter_is_found() -> None:
    told = talk(base64_signed=False)
    told.file["AllTexts"]["claude"][0]["data"] = "3 is greater."
    said = judged(told.write())
    assert said.result == "invalid: 1 signatures do not fit"
    assert said.fits.count(Fit.NO) == 1


def test_a_key_of_small_order_checks_nothing() -> None:
    told = talk()
    told.file["PublicKey"] = base64.b64encode(bytes([1]) + bytes(31)).decode()
    said = judged(told.write())
    assert said.key_source is KeySource.NONE and set(said.fits) == {Fit.NOT_CHECKED}
    assert said.result.startswith("unverifiable")


def test_a_quoted_key_shows_consistency_and_says_so() -> None:
    told = Iolite(base64_signed=False)
    key = told.file.pop("PublicKey")
    told.add("prompt", f"the key is {key} they say")
    said = judged(told.write())
    assert (said.result, said.key_source) == ("valid", KeySource.QUOTED)


def test_orphans_and_cycles_are_told_apart() -> None:
    told = Iolite()
    one = told.add("prompt", "a")
    told.add("text", "b", "A" * 86)
    two, three = told.add("text", "c", one["signature"]), told.add("text", "d", one["signature"])
    two["prev_signature"], three["prev_signature"] = three["signature"], two["signature"]
    links = judged(told.write()).links
    assert (links.orphans, links.cyclic) == ((1,), (2, 3))


def relabel(told: Iolite) -> None:
    for name in ("AllTexts", "AllToolResponses"):
        for lane in told.file[name].values():
            for record in lane:
                record["namespace"], record["is_shadow"] = "prompt", True


def repeat(told: Iolite) -> None:
    last = told.file["AllTexts"]["gemini"][-1]
    told.file["AllTexts"]["gemini"].append({**last, "signature": alias(last["signature"])})


def drop(told: Iolite) -> None:
    del told.file["AllTexts"]["gemini"]


def show_another(told: Iolite) -> None:
    told.file["AllTexts"]["claude"][0]["data"] = "3 is greater."


def swallow_prev(told: Iolite) -> None:
    record = told.file["AllTexts"]["claude"][0]
    record["data"] += record["prev_signature"]
    record["prev_signature"] = ""


@pytest.mark.parametrize(
    ("forge", "base64_signed", "result", "about"),
    [
        (relabel, False, "valid", "namespace"),
        (relabel, True, "valid", "is_shadow"),
        (drop, False, "valid", "the end"),
        (drop, True, "valid", "the end"),
        (show_another, True, "valid", "data"),
        (repeat, False, "signatures valid, braid invalid (1 repeated)", "the end"),
        (repeat, True, "signatures valid, braid invalid (1 repeated)", "the end"),
        (swallow_prev, False, "signatures valid, braid invalid (2 genesis)", "prev_signature"),
    ],
)
def test_a_forgery_that_keeps_every_signature_is_named(
    forge: Callable[[Iolite], None], base64_signed: bool, result: str, about: str
) -> None:
    told = talk(base64_signed=base64_signed)
    forge(told)
    said = judged(told.write())
    assert Fit.NO not in said.fits and said.result == result
    assert about in {each.what for each in said.uncovered}
    assert [each.what for each in said.uncovered if each.differs] == (
        ["data"] if forge is show_another else []
    )
    assert bool(said.loose) is (forge is repeat)


def test_hydration_fields_that_are_not_those_signed_are_named() -> None:
    told = Iolite()
    fields = {"subject": "a dream", "timestamp": "2026-03-07T00:00:00Z"}
    record = told.add("text", json.dumps(fields))
    file = {"PublicKey": told.file["PublicKey"], **fields, **record}
    assert not any(each.differs for each in judged(json.dumps(file).encode()).uncovered)
    said = judged(json.dumps({**file, "subject": "another"}).encode())
    assert [each.what for each in said.uncovered if each.differs] == ["fields"]


def test_a_judgement_is_no_yes_and_repeats_no_word() -> None:
    said = judged(talk().write())
    with pytest.raises(TypeError):
        bool(said)
    assert "greater" not in json.dumps(said.to_json())


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail_otherwise(raw: bytes) -> None:
    try:
        judge(read_conversation(raw))
    except Malformed:
        pass


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "data",
                    "Data",
                    "signature",
                    "prev_signature",
                    "data_b64",
                    "is_shadow",
                    "namespace",
                    "PublicKey",
                    "AllTexts",
                    "x",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(json_values)
def test_no_json_makes_the_judge_fail_otherwise(value: Any) -> None:
    try:
        judge(read_conversation(json.dumps({"a": value}).encode())).to_json()
        judge(read_conversation(json.dumps(value).encode())).to_json()
    except Malformed:
        pass
