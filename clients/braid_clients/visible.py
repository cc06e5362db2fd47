"""Text from a stranger, made safe to show on one line of a terminal.

Bytes can verify and still deceive the reader: terminal controls rewrite what stands above,
bidirectional marks reorder a line, characters without width hide words. All of them are
shown as escapes.
"""

from __future__ import annotations

import re
import unicodedata

from rich.cells import cell_len, set_cell_size

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Cc controls, Cf bidirectional marks, joiners and tags, Cs lone surrogates, Co private use (a
# font may draw anything there), Zl and Zp line ends.
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Default_Ignorable_Code_Point of Unicode that is in none of those categories, and the
# blank Braille pattern: drawn as nothing.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_PLAIN = re.compile("[ -~]*")


def visible(text: str) -> str:
    """Show every character that controls, reorders or hides as an escape; one line."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join(map(_visible_character, text))


def _visible_character(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    hidden = unicodedata.category(character) in _HIDDEN_CATEGORIES
    if hidden or _INVISIBLE.match(character):
        return escape(character)
    return character


def escape(character: str) -> str:
    """Write a character as `\\xNN`, `\\uNNNN` or `\\UNNNNNNNN`."""
    point = ord(character)
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def only_ascii(text: str) -> str:
    """Escape what an ASCII terminal cannot show."""
    return text.encode("ascii", "backslashreplace").decode("ascii")


def fit(text: str, width: int, more: str = "…") -> str:
    """Cut a visible line to so many terminal cells, ending in `more` where something went."""
    if cell_len(text) <= width:
        return text
    room = width - cell_len(more)
    return set_cell_size(text, room).rstrip() + more if room > 0 else ""
