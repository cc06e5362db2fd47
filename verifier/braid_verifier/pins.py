"""Pins: the logs, witnesses and timestamp authorities that a caller trusts (SPEC §11.8, §13.2)."""

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
    """The logs, witnesses and timestamp authorities to trust."""

    logs: tuple[VerifierKey, ...] = ()
    witnesses: tuple[VerifierKey, ...] = ()
    authorities: TimeAuthorities | None = None


def parse_logs(text: str, place: str = "logs") -> tuple[PinnedKey, ...]:
    """Read the verifier keys of logs, one a line, each perhaps followed by a label.

    Blank lines and lines that begin with `#` say nothing. Raises KeyUnusable, naming the line, for
    a key that is none or of another type.
    """
    return _parse(text, LOG, place)


def parse_witnesses(text: str, place: str = "witnesses") -> tuple[PinnedKey, ...]:
    """Read the verifier keys of witnesses, as `parse_logs` does those of logs."""
    return _parse(text, WITNESS, place)


def _parse(text: str, type: SignatureType, place: str) -> tuple[PinnedKey, ...]:
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, *label = line.split(maxsplit=1)
        _read(key, type, f"{place}, line {number}")
        found.append(PinnedKey(key, "".join(label).strip()))
    return tuple(found)


def pinned_parties(
    logs: Iterable[str | PinnedKey] | None,
    witnesses: Iterable[str | PinnedKey] | None,
    authorities: TimeAuthorities | None,
    quorum: int,
) -> Pins:
    """Check what a caller pins, and that it is enough for the quorum of their policy.

    Raises KeyUnusable for what is no key, TypeError for what cannot be one, ValueError for a
    quorum that so many witnesses cannot reach: nothing would ever be witnessed.
    """
    if authorities is not None and not callable(getattr(authorities, "time_of", None)):
        raise TypeError(f"authorities: expected Authorities, got {type(authorities).__name__}")
    keys = (_keys(logs, LOG, "logs"), _keys(witnesses, WITNESS, "witnesses"))
    read = Pins(*keys, authorities)
    most = len({witness.key for witness in read.witnesses})
    if quorum > max(most, 1):
        raise ValueError(
            f"quorum: expected at least {quorum} different pinned witnesses, got {most}"
        )
    return read


def _keys(
    given: Iterable[str | PinnedKey] | None, type: SignatureType, place: str
) -> tuple[VerifierKey, ...]:
    if isinstance(given, str | PinnedKey):
        raise TypeError(f"{place}: expected an iterable of keys, got one")
    keys: dict[str, VerifierKey] = {}
    for index, each in enumerate(given or ()):
        if isinstance(each, PinnedKey):
            each = each.key
        if not isinstance(each, str):
            raise TypeError(f"{place}[{index}]: expected str, got {each.__class__.__name__}")
        keys[each] = _read(each, type, f"{place}[{index}]")
    return tuple(keys.values())


def _read(text: str, type: SignatureType, place: str) -> VerifierKey:
    try:
        return read_verifier_key(text, type)
    except KeyUnusable as fault:
        raise KeyUnusable(f"{place}: {fault}") from fault
