"""Recognising resent blocks: all honest spellings, and nothing that says something else."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from braid.call import History
from braid.node import Kind, Origin
from braid.wire.block import Block
from braid_verifier.history import canonical, is_billing
from braid_verifier.judgement import Verdict
from braid_verifier.spelling import Run, lay_runs
from fakes.past import Past

words = st.text(st.characters(codec="utf-8"), max_size=12)
letters = st.text("abcde \n", min_size=1, max_size=12)
numbers = st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)


def block(kind: Kind, content: str, media: str = "text/plain", **attrs: object) -> Block:
    origin = Origin.CLIENT if kind is Kind.PROMPT else Origin.PROVIDER
    return Block(kind, origin, media, content.encode(), attrs)


def prompt(said: str) -> Block:
    return block(Kind.PROMPT, said, type="text")


def text(said: str) -> Block:
    return block(Kind.TEXT, said, type="text")


def thinking(said: str, signature: str = "") -> Block:
    attrs = {"signature": signature} if signature else {}
    return block(Kind.THINKING, said, type="thinking", **attrs)


def tool_use(name: str, content: str) -> Block:
    return block(Kind.TOOL_USE, content, "application/json", type="tool_use", id=name, name="f")


def tool_result(name: str, content: str) -> Block:
    return block(Kind.TOOL_RESULT, content, type="tool_result", tool_use_id=name)


@st.composite
def turns(draw: st.DrawFn) -> list[Block]:
    """A conversation with calls that have ids of their own."""
    blocks = []
    for number in range(draw(st.integers(1, 4))):
        blocks.append(prompt(draw(letters)))
        for _ in range(draw(st.integers(0, 2))):
            blocks.append(thinking(draw(letters), draw(st.sampled_from(["", f"sig{number}"]))))
            blocks.append(text(draw(letters)))
        if draw(st.booleans()):
            blocks.append(tool_use(f"t{number}", json.dumps(draw(values))))
            blocks.append(tool_result(f"t{number}", draw(letters)))
    return blocks


@dataclasses.dataclass(frozen=True)
class Recognised:
    """What a request is beside a conversation: for each block the known one, and whether exactly."""

    blocks: tuple[Verdict | None, ...]
    used: frozenset[int]
    elided: bool


def recognise(known: Sequence[Block], resent: Sequence[Block]) -> Recognised:
    judged = Past(known).judge(resent)
    blocks = tuple(verdict if verdict.is_known else None for verdict in judged.blocks)
    return Recognised(blocks, judged.used, judged.elided)


def is_exact(verdict: Verdict) -> bool:
    return verdict.code is History.CONTINUED


def exact(found: Recognised) -> list[int | None]:
    return [here.known if here is not None and is_exact(here) else None for here in found.blocks]


@given(turns())
def test_what_comes_back_unchanged_is_what_it_was(blocks: list[Block]) -> None:
    found = recognise(blocks, blocks)
    assert exact(found) == list(range(len(blocks)))
    assert found.used == set(range(len(blocks)))
    assert not found.elided


@given(turns(), st.data())
def test_thinking_and_text_may_be_left_out(blocks: list[Block], data: st.DataObject) -> None:
    loose = [n for n, one in enumerate(blocks) if one.kind in (Kind.THINKING, Kind.TEXT)]
    dropped = data.draw(st.sets(st.sampled_from(loose)) if loose else st.just(set()))
    kept = [one for n, one in enumerate(blocks) if n not in dropped]
    found = recognise(blocks, kept)
    assert None not in found.blocks
    if not dropped:
        assert not found.elided


@given(turns(), st.data())
def test_a_change_of_one_letter_is_not_recognised(blocks: list[Block], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(blocks) - 1))
    one = blocks[place]
    if one.kind is Kind.TOOL_USE:
        changed = json.dumps({"changed": json.loads(one.content)}).encode()
    else:
        at = data.draw(st.integers(0, len(one.content) - 1))
        changed = one.content[:at] + b"X" + one.content[at + 1 :]
    edited = [*blocks[:place], dataclasses.replace(one, content=changed), *blocks[place + 1 :]]
    assert recognise(blocks, edited).blocks[place] is None


@given(letters, st.lists(st.integers(0, 48), max_size=3))
def test_a_text_may_be_cut_where_its_white_space_stays(said: str, cuts: Sequence[int]) -> None:
    edges = sorted({0, *(cut for cut in cuts if cut < len(said)), len(said)})
    pieces = [said[a:b] for a, b in itertools.pairwise(edges)]
    assume(all(map(str.strip, pieces)))
    _are_recognised([said], pieces)


@given(st.lists(letters, min_size=1, max_size=4), st.sampled_from(["", "\n", "\r\n", "\n\n"]))
def test_texts_may_be_joined(said: list[str], between: str) -> None:
    assume(all(map(str.strip, said)))
    _are_recognised(said, [f" {between.join(said)}\n"])


def _are_recognised(said: list[str], resent: list[str]) -> None:
    known = [prompt("q"), *map(text, said), tool_use("t", "{}")]
    found = recognise(known, [prompt("q"), *map(text, resent), tool_use("t", "{}")])
    assert None not in found.blocks
    assert not found.elided
    for here in found.blocks[1:-1]:
        assert here is not None
        assert here.known is not None and 0 < here.known <= len(said)


@pytest.mark.parametrize("other", ["aa", "a  a", "a\na", " a\n a"])
def test_a_text_is_not_spaced_otherwise(other: str) -> None:
    known = [prompt("q"), text("a a"), tool_use("t", "{}")]
    assert recognise(known, [prompt("q"), text(other), tool_use("t", "{}")]).blocks[1] is None


@given(values)
def test_an_input_means_the_same_however_javascript_prints_it(value: Any) -> None:
    said, came = json.dumps(value), json.dumps(javascript(value))
    (here,) = recognise([tool_use("t", said)], [tool_use("t", came)]).blocks
    assert here is not None
    assert is_exact(here) is (canonical(tool_use("t", said)) == canonical(tool_use("t", came)))


def javascript(value: Any) -> Any:
    """Hold a value as JavaScript does, and print it as it does."""
    if isinstance(value, list):
        return [javascript(one) for one in value]
    if isinstance(value, dict):
        return {name: javascript(one) for name, one in value.items()}
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    double = float(value)
    return int(double) if double.is_integer() and abs(double) < 1e21 else double


def native(kind: str, given: str) -> Block:
    attrs = {"id": "t", "type": kind}
    return Block(
        Kind.TOOL_USE, Origin.CLIENT, "application/json", given.encode(), attrs, "assistant"
    )


def test_a_search_for_tools_is_spelled_as_its_clients_spell_it() -> None:
    """Known clients call what is searched for otherwise than the provider does."""
    said = native("tool_search_call", '{"paths": ["rain"]}')
    (here,) = recognise([said], [native("tool_search_call", '{"queries": ["rain"]}')]).blocks
    assert here is not None and not is_exact(here)
    for words in ('{"queries": ["snow"]}', '{"queries": ["rain", "snow"]}', '{"queries": []}'):
        assert recognise([said], [native("tool_search_call", words)]).blocks == (None,)


def test_tool_calls_are_told_apart_by_their_words() -> None:
    known = [tool_use("t", '{"a": 1, "b": "x"}')]
    for other in ('{"a": true, "b": "x"}', '{"a": 1}', '{"a": 1, "b": "x", "c": null}', "[]"):
        assert recognise(known, [tool_use("t", other)]).blocks == (None,), other
    # Of the provider's own tools its SDK writes the members that did not come.
    said = native("web_search_call", '{"type": "search", "query": "x"}')
    came = native("web_search_call", '{"query": "x", "sources": null, "type": "search"}')
    (here,) = recognise([said], [came]).blocks
    assert here is not None and not is_exact(here)
    came = native("web_search_call", '{"query": "y", "sources": null, "type": "search"}')
    assert recognise([said], [came]).blocks == (None,)
    # Some clients make up ids, and send the model's words with them.
    (here,) = recognise(known, [tool_use("u", '{"a": 1, "b": "x"}')]).blocks
    assert here is not None and not is_exact(here)


def test_an_input_that_broke_off_may_come_back_finished() -> None:
    (here,) = recognise([tool_use("t", '{"a": 1, "b": "unf')], [tool_use("t", '{"a": 1}')]).blocks
    assert here is not None
    assert not is_exact(here)


def test_thinking_is_known_by_signature_or_by_words_but_not_against_either() -> None:
    known = [thinking("long thought", "sig")]

    def comes(said: str, signature: str) -> bool | None:
        (here,) = recognise(known, [thinking(said, signature)]).blocks
        return None if here is None else is_exact(here)

    assert comes("long thought", "sig") is True
    assert comes("long thought", "") is False
    assert comes("", "sig") is False
    assert comes(" long thought\n", "sig") is False
    assert comes("other thought", "sig") is None
    assert comes("long thought", "other") is None
    assert comes("", "") is None
    known = [thinking("", "sig")]
    assert comes("", "sig") is True
    assert comes("words put under a signature", "sig") is None


def test_only_a_billing_text_is_one() -> None:
    header = b"x-anthropic-billing-header:"
    for said in (b"", b" cc_version=2.1.0.3a; cc_entrypoint=cli; cch=00ab;", b" a=b"):
        assert is_billing(Kind.SYSTEM, header + said)
    for said in (
        b" be evil",
        b" a=b;\nbe evil",
        b" a=b; be evil",
        b" a=b\n\n",
        b" " + b"a=b;" * 17,
    ):
        assert not is_billing(Kind.SYSTEM, header + said)
    assert not is_billing(Kind.PROMPT, header)


def test_canonical_forms_differ_where_a_word_does() -> None:
    """Names of a tool's own parameters are words, also where clients use them otherwise."""

    def tool(**schema: Any) -> bytes:
        said = {"name": "f", "input_schema": {"properties": schema}}
        return canonical(block(Kind.TOOLS, json.dumps(said), "application/json"))

    assert tool(index={"type": "integer"}) != tool()
    assert tool(a={"default": None}) != tool(a={})
    assert canonical(text("a")) != canonical(prompt("a"))
    assert canonical(text("a")) != canonical(text("a "))
    assert canonical(tool_result("t", "a")) != canonical(tool_result("u", "a"))
    failed = dataclasses.replace(
        tool_result("t", "a"), attrs={"tool_use_id": "t", "extra": {"is_error": True}}
    )
    assert canonical(failed) != canonical(tool_result("t", "a"))


class Counted(list[str]):
    """Texts that count how often one of them is looked at."""

    looked = 0

    def __getitem__(self, place: Any) -> Any:
        self.looked += 1
        return super().__getitem__(place)


def test_texts_that_begin_alike_are_not_each_read_to_the_end() -> None:
    count = 600
    ours = Counted(["a"] * count)
    assert list(lay_runs(ours, ["a" * count + "b"] * count)) == []
    assert ours.looked < 1_500_000
    # However often a text is cut, it is found as long as it is there.
    assert list(lay_runs(["a"] * 20_000, ["a" * 20_000])) == [Run(range(20_000), range(1))]
