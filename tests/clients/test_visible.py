"""Nothing a stranger wrote may control a terminal, reorder a line or hide in it."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from braid_clients.visible import fit, only_ascii, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("zwölf Grad, 日本語", "zwölf Grad, 日本語"),
        ("two\nlines\tand\rmore", r"two\nlines\tand\rmore"),
        ("\x1b[2J\x07", r"\x1b[2J\x07"),
        ("\x9b31m\x7f", r"\x9b31m\x7f"),
        ("a\u202eb\u2066c\u200f", r"a\u202eb\u2066c\u200f"),
        ("a\u200bb\u200dc\ufeffd\u2060", r"a\u200bb\u200dc\ufeffd\u2060"),
        ("a\u2028b\u2029", r"a\u2028b\u2029"),
        ("a\u3164b\u2800c\ufe0f", r"a\u3164b\u2800c\ufe0f"),
        ("tag \U000e0041", r"tag \U000e0041"),
        ("lone \ud800", r"lone \ud800"),
    ],
)
def test_what_controls_reorders_or_hides_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_no_control_format_or_surrogate_character_passes() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    kinds = {unicodedata.category(character) for character in visible(everything)}
    assert not kinds & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@given(st.text(), st.integers(0, 60))
def test_a_fitted_line_is_never_wider_than_asked(text: str, width: int) -> None:
    assert cell_len(fit(visible(text), width)) <= width


@given(st.text(st.characters(codec="utf-8")))
def test_ascii_is_ascii(text: str) -> None:
    assert only_ascii(text).isascii()
