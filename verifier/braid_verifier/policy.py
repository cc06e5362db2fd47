"""What a verifier asks beyond intact: required claims, and the roots it trusts (SPEC §7.2)."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum

from braid.encoding import decode, encode
from braid.errors import KeyUnusable, Malformed
from braid.signing import KEY_BYTES, check_key


class ClaimName(StrEnum):
    """The claims a report makes, each on its own (SPEC §7.2)."""

    SIGNED = "signed"
    SIGNER = "signer"
    CONTEXT = "context"
    HISTORY = "history"
    SEALED = "sealed"
    CLOSED = "closed"
    LOGGED = "logged"
    WITNESSED = "witnessed"
    TIMESTAMPED = "timestamped"
    ERASED = "erased"


# The one requirement that wants a claim answered with no: that no words were erased. Whoever
# holds a transcript can erase words, without any key.
UNERASED = "unerased"
# `signed` is asked of every braid.
REQUIRABLE = frozenset(ClaimName) - {ClaimName.SIGNED, ClaimName.ERASED} | {UNERASED}


@dataclass(frozen=True, slots=True)
class Policy:
    """What must be true of a braid besides that it is intact.

    By default its signer must be known: a pinned root certified the braid key.
    `allow_unknown_signer` drops this. `require` asks for more claims by name, and by
    `unerased` that no words were erased. `quorum` is how many different pinned witnesses must
    have cosigned for `witnessed`. Raises ValueError for what cannot be required, for a quorum
    below 1 and for asking both for a known and an unknown signer, TypeError for one str.
    """

    require: AbstractSet[str] = field(default_factory=frozenset)
    allow_unknown_signer: bool = False
    quorum: int = 1

    def __post_init__(self) -> None:
        if isinstance(self.require, str):
            raise TypeError("require: expected a set of claim names, got one str")
        names = {str(name) for name in self.require}
        if unknown := sorted(names - REQUIRABLE):
            raise ValueError(
                f"require: expected some of {', '.join(sorted(REQUIRABLE))}; "
                f"got {', '.join(name[:40] for name in unknown)}"
            )
        if self.allow_unknown_signer and ClaimName.SIGNER in names:
            raise ValueError("require: signer is asked for and an unknown signer allowed")
        if self.quorum < 1:
            raise ValueError(f"quorum: expected at least 1, got {self.quorum}")
        object.__setattr__(self, "require", frozenset(names))

    @property
    def required(self) -> tuple[str, ...]:
        """The claims that must be answered with yes in the order of a report, then `unerased`."""
        asked = set(self.require)
        if not self.allow_unknown_signer:
            asked.add(ClaimName.SIGNER)
        return tuple(name for name in (*map(str, ClaimName), UNERASED) if name in asked)


@dataclass(frozen=True, slots=True)
class Root:
    """A root's public key in its text form, and what its user calls it."""

    key: str
    label: str = ""


def parse_roots(text: str, place: str = "roots") -> tuple[Root, ...]:
    """Read root keys, one a line, each perhaps followed by a label.

    Blank lines and lines that begin with `#` say nothing. Raises KeyUnusable, naming the
    line, for a key that is none: a root that silently did not count would be a surprise.
    """
    roots = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, *label = line.split(maxsplit=1)
        _check_text(key, f"{place}, line {number}")
        roots.append(Root(key, "".join(label).strip()))
    return tuple(roots)


def parse_root(text: str, place: str = "root") -> Root:
    """Read exactly one root key, given alone or as the content of a key file.

    Raises KeyUnusable as `parse_roots`, and for no key or several.
    """
    roots = parse_roots(text, place)
    if len(roots) != 1:
        raise KeyUnusable(f"{place}: expected one key, got {len(roots)}")
    return roots[0]


def pinned_keys(roots: Iterable[str | bytes | Root] | None) -> frozenset[str]:
    """Check the roots a caller pins: text keys, 32 bytes, or what `parse_roots` gave.

    Raises KeyUnusable for what is no key, TypeError for what cannot be one.
    """
    if isinstance(roots, str | bytes | Root):
        raise TypeError(f"roots: expected an iterable of keys, got one {type(roots).__name__}")
    keys = set()
    for index, root in enumerate(roots or ()):
        place = f"roots[{index}]"
        if isinstance(root, Root):
            root = root.key
        if isinstance(root, bytes):
            if len(root) != KEY_BYTES:
                raise KeyUnusable(f"{place}: expected {KEY_BYTES} bytes, got {len(root)}")
            root = encode(root)
        if not isinstance(root, str):
            raise TypeError(f"{place}: expected str or bytes, got {type(root).__name__}")
        _check_text(root, place)
        keys.add(root)
    return frozenset(keys)


def _check_text(key: str, place: str) -> None:
    try:
        check_key(decode(key, place, KEY_BYTES), place)
    except Malformed as fault:
        raise KeyUnusable(f"{fault}: not a key") from fault
