"""Where sentences and clauses open, and where sentences end."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from braid_verifier.leaks.cues.move import Move
from braid_verifier.leaks.moves import moves
from braid_verifier.leaks.openings import Opening, opening, sentences


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("", Opening.SENTENCE),
        ("Done. ", Opening.SENTENCE),
        ("Is it? ", Opening.SENTENCE),
        ("Well... ", Opening.SENTENCE),
        ("(As said.) ", Opening.SENTENCE),
        ("A line\n", Opening.SENTENCE),
        ("A list\n  - ", Opening.SENTENCE),
        ("**", Opening.SENTENCE),
        ("One thing, ", Opening.CLAUSE),
        ("One thing: ", Opening.CLAUSE),
        ("One thing \N{EM DASH} ", Opening.CLAUSE),
        ("One thing - ", Opening.CLAUSE),
        ("One thing (", Opening.CLAUSE),
        ("foo.", Opening.NOTHING),
        ("std::", Opening.NOTHING),
        ("We must ", Opening.NOTHING),
        ("well-", Opening.NOTHING),
        (" " * 40, Opening.NOTHING),
    ],
)
def test_what_a_word_opens(before: str, expected: Opening) -> None:
    assert opening(f"{before}Wait", len(before)) is expected


def test_a_line_that_goes_on_in_small_letters_opens_a_clause() -> None:
    assert opening("We must\nwait", 8) is Opening.CLAUSE
    assert opening("We must.\nwait", 9) is Opening.SENTENCE


def test_a_cue_in_the_middle_of_a_sentence_is_none() -> None:
    assert [each.move for each in moves("Wait, no.")] == [Move.WAIT]
    assert moves("Readers that wait, block.") == []


def test_sentences_end_at_stops_and_at_lines_that_begin_anew() -> None:
    text = "One is a.b. Two\nwraps? Three:\n- four\n\n五。六"
    assert [text[a:b] for a, b in sentences(text)] == [
        "One is a.b.",
        "Two\nwraps?",
        "Three:",
        "- four",
        "五。",
        "六",
    ]


@given(st.text(alphabet="aB .?!\n-。é", max_size=80))
def test_sentences_hold_all_but_space_in_order(text: str) -> None:
    spans = sentences(text)
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())
    assert all(a < b for a, b in spans)
    assert all(x[1] <= y[0] for x, y in itertools.pairwise(spans))
