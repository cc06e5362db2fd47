"""Characters in a tool's name and descriptions that a person does not see as they are (SPEC §8.8).

Invisible characters carry instructions nobody reads, bidirectional controls show words in another
order than a model reads them, and letters of another script stand in for those they look like.
Joiners and marks are left alone in the scripts and emoji that need them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from braid.call import History
from braid.strict_json import Json
from braid.wire.block import Block
from braid_verifier.history import read

# Overrides, embeddings and isolates; the marks of direction are told apart below.
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_MARKS = re.compile("[\u200e\u200f\u061c]")
_RIGHT_TO_LEFT = frozenset(("R", "AL"))
# Controls, fillers and formats that show nothing; joiners and selectors are told apart below.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b"
    "\u2028\u2029\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a]"
)
_TAGS = re.compile("[\U000e0000-\U000e007f]")
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{2,8}\U000e007f")
_JOINERS = re.compile("[\u200c\u200d]")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Scripts in which a joiner changes how a word is written.
_JOINING = re.compile(
    "[\u0590-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ufb1d-\ufdff\ufe70-\ufefc]"
)
_WORD = re.compile(r"[^\W\d_]+")
# Letters that look like Latin ones, by the one they look like.
_LOOKALIKES = dict(
    zip(
        "аеорсухіјѕһԁԛԝѵʏɡɑοαινρτυκγΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕКМНОРСТУХІЈЅԌЅϲᴏᴄᴠᴡᴢ",
        "aeopcyxijshdqwvygaoaivptukyABEZHIKMNOPTYXABEKMHOPCTYXIJSGScocvwz",
        strict=True,
    )
)
_ABOUT = frozenset(("description", "title", "name", "displayName", "display_name"))


def suspicious(tool: Block) -> list[History]:
    """Say what of a tool's name and descriptions is not as a person sees it."""
    texts = list(_texts(read(tool.content)))
    name = tool.attrs.get("name")
    if isinstance(name, str):
        texts.append(name)
    found = []
    if any(map(_is_hiding, texts)):
        found.append(History.HIDDEN_CHARACTERS)
    if any(map(_turns, texts)):
        found.append(History.BIDI_CHARACTERS)
    if any(map(_pretends, texts)):
        found.append(History.LOOKALIKE_LETTERS)
    return found


def _texts(value: Json, named: bool = False) -> Iterator[str]:
    """Give each name and description at any depth, and what they are called."""
    if isinstance(value, str) and named:
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            if not name.isascii():
                yield name
            yield from _texts(member, name in _ABOUT)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _is_hiding(text: str) -> bool:
    if text.isascii() and text.isprintable():
        return False
    if _HIDDEN.search(text) or _TAGS.search(_FLAG.sub("", text)):
        return True
    return any(not _is_needed(text, found.start()) for found in _JOINERS.finditer(text)) or any(
        not _selects(text, found.start()) for found in _SELECTORS.finditer(text)
    )


def _is_needed(text: str, at: int) -> bool:
    """Tell whether a joiner stands where one is written: in such a script, or between emoji."""
    before, after = text[max(0, at - 2) : at], text[at + 1 : at + 2]
    if _JOINING.search(before[-1:]) or _JOINING.match(after):
        return True
    return bool(before) and bool(after) and _is_symbol(before) and _is_symbol(after)


def _is_symbol(text: str) -> bool:
    return any(unicodedata.category(one) in ("So", "Sk") for one in text)


def _selects(text: str, at: int) -> bool:
    """Tell whether a selector follows something of which there are several forms."""
    before = text[at - 1 : at]
    return (
        bool(before)
        and (not before.isascii() or before in "#*0123456789")
        and not _SELECTORS.match(before)
    )


def _turns(text: str) -> bool:
    if _BIDI.search(text):
        return True
    written = any(unicodedata.bidirectional(one) in _RIGHT_TO_LEFT for one in _MARKS.sub("", text))
    return bool(_MARKS.search(text)) and not written


def _pretends(text: str) -> bool:
    """Tell whether a word mixes Latin letters with others that look like them."""
    if text.isascii():
        return False
    for word in _WORD.findall(text):
        plain = unicodedata.normalize("NFKC", word)
        if plain != word and plain.isascii():
            return True  # mathematical or full-width letters
        alike = [one for one in word if one in _LOOKALIKES]
        latin = any(one.isascii() for one in word)
        if alike and (latin or len(alike) == len(word) > 2 and _is_alone(text, word)):
            return True
    return False


def _is_alone(text: str, word: str) -> bool:
    """Tell whether a word of look-alikes stands where all other letters are Latin."""
    rest = [one for one in text.replace(word, "") if one.isalpha()]
    return not rest or all(one.isascii() for one in rest)
