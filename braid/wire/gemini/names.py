"""Names of Google's APIs, which a client may spell in camelCase or snake_case.

JSON for protocol buffers has two names for each field, and parsers take both
(https://protobuf.dev/programming-guides/json). Attrs have one of them; raw JSON keeps the
spelling it came in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import product

from msgspec import Raw

from braid.wire.raw_json import Path

PROVIDER = "gemini"
TWO_SPELLINGS = "a name in two spellings"
OTHER_CASE = "a field in another case"

# What clients put in place of a signature that no provider made: as it is or in base64
# (https://ai.google.dev/gemini-api/docs/thought-signatures).
_PLACEHOLDERS = frozenset(
    {
        "skip_thought_signature_validator",
        "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I",
        "context_engineering_is_the_way_to_go",
        "Y29udGV4dF9lbmdpbmVlcmluZ19pc190aGVfd2F5X3RvX2dv",
    }
)
_TO_URL_ALPHABET = str.maketrans("+/", "-_")
_is_base64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}").fullmatch
_find_capital = re.compile("(?<!^)[A-Z]")


class TwoSpellings(Exception):
    """One object has both names of a field, and parsers differ in which of them counts."""


def camel(name: str) -> str:
    """Spell a name in camelCase."""
    if "_" not in name:
        return name
    first, *others = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def snake(name: str) -> str:
    """Spell a name in snake_case."""
    return _find_capital.sub(lambda capital: "_" + capital[0].lower(), name)


def respell(members: dict[str, Raw], spell: Callable[[str], str] = camel) -> dict[str, Raw]:
    """Give members under one spelling of their names; raises TwoSpellings."""
    respelled = {spell(name): value for name, value in members.items()}
    if len(respelled) != len(members):
        raise TwoSpellings
    return respelled


def has_other_case(members: Iterable[str], fields: Iterable[str]) -> bool:
    """Say whether some name is one of these fields only to parsers that ignore case.

    `fields` are in the one spelling that members were given.
    """
    known = frozenset(fields)
    folded = {_fold(name) for name in known}
    return any(name not in known and _fold(name) in folded for name in members)


def in_both_spellings(paths: Iterable[Path]) -> frozenset[Path]:
    """Give paths of camelCase names as any client may spell them."""
    return frozenset(
        spelled for path in paths for spelled in product(*((name, snake(name)) for name in path))
    )


def _fold(name: str) -> str:
    return name.replace("_", "").casefold()


def is_placeholder(signature: str) -> bool:
    """Tell a text that stands in place of a provider's signature."""
    return normalise(signature) in _PLACEHOLDERS


def normalise(token: str) -> str:
    """Give base64 in one spelling: Python clients send back another alphabet and padding."""
    return token.translate(_TO_URL_ALPHABET).rstrip("=") if _is_base64(token) else token
