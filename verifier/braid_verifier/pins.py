"""The outside parties that a caller pins: logs, witnesses, timestamp authorities (SPEC §11.8, §13.2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from braid.errors import KeyUnusable
from braid.note import SignatureType, VerifierKey, read_verifier_key

LOG, WITNESS = SignatureType.NOTE, SignatureType.COSIGNATURE


@dataclass(frozen=True, slots=True)
class PinnedKey:
    """A verifier key in its text form, and what its user calls whoever holds it."""

    key: str
    label: str = ""


class TimeAuthorities(Protocol):
    """Who may say by when something was seen: `braid_verifier.timestamps.Authorities`."""

    def time_of(self, response: bytes, message: bytes) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Pins:
    """The keys of logs and witnesses to trust, and how many witnesses must have cosigned."""

    logs: tuple[VerifierKey, ...] = ()
    witnesses: tuple[VerifierKey, ...] = ()
    quorum: int = 1
    authorities: TimeAuthorities | None = None


def parse_verifier_keys(text: str, type: SignatureType, place: str) -> tuple[PinnedKey, ...]:
    """Read verifier keys, one a line, each perhaps followed by a label.

    Blank lines and lines that begin with `#` say nothing. Raises KeyUnusable, naming the line, for
    a key that is none or of another type.
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, *label = line.split(maxsplit=1)
        _read(key, type, f"{place}, line {number}")
        found.append(PinnedKey(key, "".join(label).strip()))
    return tuple(found)


def pinned_parties(
    logs: Iterable[str | PinnedKey | VerifierKey] | None,
    witnesses: Iterable[str | PinnedKey | VerifierKey] | None,
    quorum: int,
    authorities: TimeAuthorities | None = None,
) -> Pins:
    """Check what a caller pins.

    Raises KeyUnusable for what is no key, TypeError for what cannot be one, ValueError for a
    quorum that so many witnesses cannot reach: nothing would ever be witnessed.
    """
    if authorities is not None and not callable(getattr(authorities, "time_of", None)):
        raise TypeError(f"authorities: expected Authorities, got {type(authorities).__name__}")
    keys = (_keys(logs, LOG, "logs"), _keys(witnesses, WITNESS, "witnesses"))
    read = Pins(*keys, quorum, authorities)
    most = len({witness.key for witness in read.witnesses})
    if quorum > max(most, 1):
        raise ValueError(f"quorum: {quorum} of {most} different witnesses")
    return read


def _keys(
    given: Iterable[str | PinnedKey | VerifierKey] | None, type: SignatureType, place: str
) -> tuple[VerifierKey, ...]:
    if isinstance(given, str | PinnedKey | VerifierKey):
        raise TypeError(f"{place}: expected an iterable of keys, got one")
    keys: dict[str, VerifierKey] = {}
    for index, each in enumerate(given or ()):
        if isinstance(each, VerifierKey | PinnedKey):
            each = each.text if isinstance(each, VerifierKey) else each.key
        if not isinstance(each, str):
            raise TypeError(f"{place}[{index}]: expected str, got {each.__class__.__name__}")
        keys[each] = _read(each, type, f"{place}[{index}]")
    return tuple(keys.values())


def _read(text: str, type: SignatureType, place: str) -> VerifierKey:
    try:
        return read_verifier_key(text, type)
    except KeyUnusable as fault:
        raise KeyUnusable(f"{place}: {fault}") from fault
