"""A drawn braid: every node once, strands indented where they split, nothing that deceives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from braid.node import Kind, Origin
from braid.strict_json import dumps
from braid.transcript import StoredNode
from braid_clients.render import Drawing, draw

CLIENT, PROVIDER, PROXY = Origin.CLIENT, Origin.PROVIDER, Origin.PROXY


def lines_of(nodes: Iterable[StoredNode], width: int = 100, ascii: bool = False) -> list[str]:
    return [line.plain for line in draw("BRAID", nodes, Drawing(width, ascii))]


def json(**members: Any) -> bytes:
    return dumps(members).encode()


def turn(weaver: Any, question: bytes, prev: tuple[int, ...] | None = None) -> int:
    """Add a question, its params, a call, an answer and the end; gives the end."""
    prompt = weaver.add(Kind.PROMPT, CLIENT, question, prev)
    content = json(path="/v1/messages", parameters={"model": "m-1"})
    params = weaver.add(Kind.PARAMS, CLIENT, content, (prompt,), media="application/json")
    call = json(upstream="https://provider.example", history=[], context={})
    weaver.add(Kind.CALL, PROXY, call, (prompt, params), media="application/json")
    weaver.add(Kind.TEXT, PROVIDER, b"An answer.")
    end = json(outcome="complete", status=200, stop_reason="end_turn")
    return int(weaver.add(Kind.END, PROXY, end, media="application/json"))


def test_a_conversation_is_drawn_a_line_a_node(weaver: Callable[..., Any]) -> None:
    made = weaver()
    turn(made, b"A question?")
    made.seal()
    assert lines_of(made.nodes) == [
        "braid BRAID  6 nodes, 1 call, sealed",
        " 0 prompt      client   A question?",
        " 1 params      client   /v1/messages m-1",
        " 2 call        proxy    m-1 at https://provider.example: complete",
        " 3 text        provider An answer.",
        " 4 end         proxy    complete, 200, end_turn",
        " 5 seal        proxy    over 5 nodes",
    ]


def test_a_seal_is_the_last_line_whatever_it_names_first(weaver: Callable[..., Any]) -> None:
    made = weaver()
    end = turn(made, b"A question?")
    made.add(Kind.FLAG, PROXY, json(code="unsigned_thinking"), (3,), media="application/json")
    made.add(Kind.TEXT, CLIENT, b"Goes on.", (end,))
    made.seal((5, 6))
    drawn = lines_of(made.nodes)
    assert [int(line.split()[0]) for line in drawn[1:]] == [0, 1, 2, 3, 5, 4, 6, 7]
    assert drawn[-1].startswith(" 7 seal") and not any("├─" in line for line in drawn)


def test_side_strands_are_indented_and_the_longest_keeps_its_column(
    weaver: Callable[..., Any],
) -> None:
    made = weaver()
    first = turn(made, b"first")
    turn(made, b"asked beside it", (first,))
    goes_on = turn(made, b"asked as well", (first,))
    turn(made, b"and on", (goes_on,))
    drawn = lines_of(made.nodes)
    kinds = [re.split(" (client|proxy|provider) ", line)[0].rstrip() for line in drawn[1:]]
    assert kinds[4:11] == [
        "  4 end",
        "  5 ├─prompt",
        "  6 │ params",
        "  7 │ call",
        "  8 │ text",
        "  9 │ end",
        " 10 prompt",
    ]
    assert "├─" not in "".join(drawn[11:])
    assert lines_of(made.nodes, ascii=True)[6].startswith("  5 +-prompt")


def test_marks_say_what_is_special_about_a_node(weaver: Callable[..., Any]) -> None:
    made = weaver()
    made.add(Kind.PROMPT, CLIENT, b"q")
    made.add(Kind.THINKING, CLIENT, b"t", attrs=b'{"signature":"x"}')
    made.add(Kind.TEXT, CLIENT, b"t", attrs=b'{"cut":true,"variant_of":"x"}')
    made.add(Kind.OTHER, CLIENT, b"{", attrs=b'{"ambiguous":"twice"}', media="application/json")
    copied = b'{"copy_of":{"braid":"x","node":"y"}}'
    made.add(Kind.TOOL_USE, CLIENT, b'{"a": 1}', attrs=copied, media="application/json")
    made.add(Kind.TOOL_RESULT, CLIENT, b"r", prev=(4, 3))
    made.add(Kind.MEDIA, CLIENT, b"\x00\x01", attrs=b'{"part":1,"parts":2}', media="image/png")
    drawn = lines_of(made.nodes)
    assert [line.partition("[")[2] for line in drawn[2:]] == [
        "provider signature]",
        "cut, variant]",
        "ambiguous]",
        "copied]",
        "for 3]",
        "part 1/2]",
    ]
    assert "image/png, 2 bytes" in drawn[7]


def test_an_erased_node_keeps_its_line(weaver: Callable[..., Any]) -> None:
    made = weaver()
    made.add(Kind.PROMPT, CLIENT, b"words that are gone")
    node = made.nodes[0]
    assert lines_of([StoredNode(node.h, node.s, None)])[1] == " 0 prompt      client   [erased]"


def test_words_are_cut_to_the_width_and_stay_on_their_line(weaver: Callable[..., Any]) -> None:
    made = weaver()
    made.add(Kind.PROMPT, CLIENT, ("\x1b[31m日本語\n\u202e" * 500).encode())
    (_, line) = lines_of(made.nodes, width=60)
    assert cell_len(line) <= 60
    assert line.startswith(r" 0 prompt      client   \x1b[31m日本語\n\u202e\x1b")
    assert line.endswith("…")
    (_, line) = lines_of(made.nodes, width=60, ascii=True)
    assert line.isascii() and line.endswith("...") and len(line) <= 60


def test_a_call_without_an_end_says_so(weaver: Callable[..., Any]) -> None:
    made = weaver()
    made.add(Kind.PROMPT, CLIENT, b"q")
    made.add(Kind.CALL, PROXY, b"not json", media="application/json")
    drawn = lines_of(made.nodes)
    assert drawn[0].endswith("open")
    assert drawn[2].endswith("no end yet")


@pytest.mark.parametrize("h", ["", "{}", "\x1b[2J", '{"v":1}'])
def test_a_node_that_cannot_be_read_is_drawn_as_such(h: str) -> None:
    (_, line) = lines_of([StoredNode(h, "A" * 86, None)])
    assert line.endswith("[unreadable]") and "\x1b" not in line


@given(st.lists(st.integers(0, 10**6), max_size=60))
def test_every_node_is_drawn_once_whatever_the_shape(parents: list[int]) -> None:
    # Signing is slow, so the headers are made by hand.
    names = [f"{index:085d}A" for index in range(len(parents) + 1)]
    nodes = [StoredNode(header(0, []), names[0], None)]
    for index, parent in enumerate(parents, start=1):
        nodes.append(StoredNode(header(index, [names[parent % index]]), names[index], None))
    drawn = lines_of(nodes)[1:]
    assert sorted(int(line.split()[0]) for line in drawn) == list(range(len(nodes)))
    deepest = max(line.count("│ ") + line.count("├─") for line in drawn)
    # A side strand is the smaller part of what it leaves, so n nodes split log2 n times.
    assert 2**deepest <= len(nodes)


def header(seq: int, prev: list[str]) -> str:
    key = "A" * 43
    names = ",".join(f'"{name}"' for name in prev)
    return (
        f'{{"braid":"{key}","content":"{key}","kind":"text","media":"text/plain",'
        f'"origin":"client","prev":[{names}],"seq":{seq},"time":"2026-11-20T12:00:00.000Z","v":1}}'
    )


def test_a_long_braid_is_drawn_without_recursion() -> None:
    names = [f"{index:085d}A" for index in range(20_000)]
    nodes = (
        StoredNode(header(index, names[index - 1 : index]), names[index], None)
        for index in range(len(names))
    )
    assert len(lines_of(nodes)) == len(names) + 1


FOUND = "Fine so far. Wait, actually that is wrong. Hmm, let me reconsider."


def flag_about(weaver: Any, about: int, start: int, end: int) -> None:
    content = json(
        detector="braid-leaks",
        version=1,
        what="leak",
        start=start,
        end=end,
        tier="strong",
        score=400,
        reasons=[],
        **{"class": "self_correction"},
    )
    weaver.add(Kind.FLAG, PROXY, content, (about,), about=(about,), media="application/json")


def underlined(line: Text) -> list[str]:
    return [line.plain[span.start : span.end] for span in line.spans if span.style == "underline"]


def test_what_a_flag_points_at_is_underlined_in_its_block_and_beside_the_flag(
    weaver: Callable[..., Any],
) -> None:
    made = weaver()
    made.add(Kind.PROMPT, CLIENT, b"A question?")
    call = made.add(Kind.CALL, PROXY, json(upstream="u", history=[], context={}))
    text = made.add(Kind.TEXT, PROVIDER, f"\n\t {FOUND}".encode(), (call,))
    start = 3 + FOUND.index("Wait")
    flag_about(made, text, start, 3 + len(FOUND))
    lines = list(draw("BRAID", made.nodes, Drawing(160)))
    assert underlined(lines[3]) == [FOUND[13:]]
    assert lines[4].plain.split(maxsplit=3)[3].startswith(f"self_correction, strong: {FOUND[13:]}")
    assert underlined(lines[4]) == [FOUND[13:]]
    narrow = list(draw("BRAID", made.nodes, Drawing(60, ascii=True)))
    assert underlined(narrow[3])[0].startswith("Wait")


def test_a_flag_about_words_that_are_gone_or_elsewhere_is_drawn_all_the_same(
    weaver: Callable[..., Any],
) -> None:
    made = weaver()
    made.add(Kind.PROMPT, CLIENT, b"A question?")
    call = made.add(Kind.CALL, PROXY, json(upstream="u", history=[], context={}))
    text = made.add(Kind.TEXT, PROVIDER, b"short", (call,))
    flag_about(made, text, 900, 901)
    lines = list(draw("BRAID", made.nodes, Drawing(160)))
    assert [underlined(line) for line in lines] == [[]] * len(lines)
