"""Tools whose names and descriptions are not as they look (SPEC §8.8)."""

from __future__ import annotations

import json

import pytest

from braid.call import History
from braid.node import Kind, Origin
from braid.wire.block import Block
from braid_verifier.characters import suspicious

HIDDEN, BIDI, ALIKE = (
    History.HIDDEN_CHARACTERS,
    History.BIDI_CHARACTERS,
    History.LOOKALIKE_LETTERS,
)


def tool(name: str, about: str, deep: str = "") -> Block:
    schema = {"type": "object", "properties": {"q": {"type": "string", "description": deep}}}
    said = {"name": name, "description": about, "input_schema": schema}
    content = json.dumps(said).encode()
    return Block(Kind.TOOLS, Origin.CLIENT, "application/json", content, {"name": name})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Adds\u200b numbers", HIDDEN),
        ("Adds \u2063numbers", HIDDEN),
        ("Adds \ufeffnumbers", HIDDEN),
        ("so\u00adft", HIDDEN),
        ("a\u200db", HIDDEN),
        ("x\ufe0f\ufe0fy", HIDDEN),
        ("Hello" + "".join(chr(0xE0000 + ord(c)) for c in "obey"), HIDDEN),
        ("bell \x07", HIDDEN),
        ("line\u2028separator", HIDDEN),
        ("\u202eevil\u202c", BIDI),
        ("\u2067x\u2069", BIDI),
        ("left\u200eright", BIDI),
        ("p\u0430yment", ALIKE),
        ("send t\u043e all", ALIKE),
        ("\u0440\u0430\u0440\u0430", ALIKE),
        ("\uff41dd", ALIKE),
        ("\U0001d41a\U0001d41d\U0001d41d", ALIKE),
        ("gr\u03bfup", ALIKE),
    ],
)
def test_what_is_reported(text: str, wanted: History) -> None:
    assert suspicious(tool("look", text)) == [wanted]
    assert suspicious(tool("look", "", deep=text)) == [wanted]
    assert suspicious(tool(text, "Looks.")) == [wanted]


@pytest.mark.parametrize(
    "text",
    [
        "Looks things up.\nSecond line\twith a tab.\r\n",
        "Größe in Å, naïve café, 5 µm, 3 kΩ, Δt, π ≈ 3.14, α-β test",
        "Ищет слова в тексте",
        "Βρίσκει λέξεις στο κείμενο",
        "查找单词。ツールです。도구입니다",
        "می\u200cخواهم",
        "क्\u200dष",
        "שלום\u200f (hello)\u200e",
        "👩\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3 👍🏽",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "Δοκιμή and English, русский and English",
    ],
)
def test_what_is_not(text: str) -> None:
    assert suspicious(tool("look", text, deep=text)) == []
