"""The echo rule: what others said before, however it was written down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from braid_verifier.leaks.heard import SHINGLE, Heard

SAID = "# Wait, this handler is async,\n#   so we should not block here.\nOh no.\n"


@pytest.fixture
def heard() -> Heard:
    made = Heard()
    made.add(SAID)
    return made


@pytest.mark.parametrize(
    "sentence",
    [
        "Wait, this handler is async, so we should not block here.",
        "wait — this handler is ASYNC so we\n// should not block here",
        "this handler is async, so we",
        "Oh no.",
    ],
)
def test_a_sentence_that_stands_there_was_heard(heard: Heard, sentence: str) -> None:
    assert heard.contains(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "...",
        "Wait",
        "block here",
        "Wait, this handler is async, but the other one surely is not.",
        "So we should not block here, and I had better look at the other handler too.",
        "Here block not should we so.",
    ],
)
def test_a_sentence_that_only_shares_words_was_not(heard: Heard, sentence: str) -> None:
    assert not heard.contains(sentence)


def test_nothing_was_heard_of_nothing() -> None:
    assert not Heard().contains("Wait, this handler is async, so we should not block here.")


WORDS = st.lists(
    st.sampled_from(["wait", "no", "maybe", "the", "map", "list", "is", "right"]), max_size=40
)


@given(before=WORDS, said=WORDS.filter(lambda words: len(words) >= SHINGLE), after=WORDS)
def test_any_stretch_of_what_was_said_is_found(
    before: list[str], said: list[str], after: list[str]
) -> None:
    heard = Heard()
    heard.add(" ".join((*before, *said, *after)))
    assert heard.contains(", ".join(said).title())
