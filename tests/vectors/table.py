"""The table of vectors: each a function that starts from an honest conversation and breaks one thing.

A vector's name is its function's. The function is given a conversation to edit and
returns nothing (sign and write it), a File (write it), or the bytes as they shall stand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from vectors.conversations import short
from vectors.formulas import compact
from vectors.weaver import Braid, File

Finding = tuple[str, int | None]
Make = Callable[[Braid], Braid | File | bytes | None]
Base = Callable[[], Braid]
Pins = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Vector:
    """A transcript and what every verifier must say of it."""

    name: str
    chapter: str  # the module it stands in
    section: str
    comment: str
    result: str
    raw: bytes
    failures: tuple[Finding, ...]
    also: tuple[Finding, ...] = ()
    claims: dict[str, str] = field(default_factory=dict)
    statements: str = ""  # given apart from the file, one a line
    pins: Pins = field(default_factory=dict)  # logs, witnesses and quorum, as the index has them

    @property
    def file(self) -> str:
        first_line = self.raw.split(b"\n", 1)[0].rstrip()
        whole = first_line.startswith(b'{"format"') and first_line.endswith(b"}")
        return (
            f"{self.name}.jsonl" if whole and b'"nodes"' not in first_line else f"{self.name}.json"
        )


TABLE: list[Vector] = []


def _add(
    section: str,
    comment: str,
    result: str,
    failures: tuple[Finding, ...],
    base: Base,
    also: tuple[Finding, ...] = (),
    claims: dict[str, str] | None = None,
    pins: Pins | None = None,
) -> Callable[[Make], Make]:
    def register(make: Make) -> Make:
        braid = base()
        made = make(braid)
        raw = made if isinstance(made, bytes) else _written(made or braid)
        name = make.__name__.rstrip("_").replace("_", "-")
        if any(other.name == name for other in TABLE):
            raise ValueError(f"two vectors are named {name}")
        TABLE.append(
            Vector(
                name,
                make.__module__,
                section,
                comment,
                result,
                raw,
                failures,
                also,
                dict(claims or {}),
                "".join(compact(each) + "\n" for each in braid.statements),
                dict(pins or {}),
            )
        )
        return make

    return register


def _written(made: Braid | File) -> bytes:
    return (made.sign() if isinstance(made, Braid) else made).write()


def verified(
    section: str,
    comment: str,
    *also: Finding,
    base: Base = short,
    pins: Pins | None = None,
    **claims: str,
) -> Callable[[Make], Make]:
    """An honest transcript; `also` are warnings and notes that must be among the findings."""
    return _add(section, comment, "verified", (), base, also, claims, pins)


def unmet(
    section: str, comment: str, *also: Finding, base: Base = short, **claims: str
) -> Callable[[Make], Make]:
    """An intact transcript that falls short of the default policy."""
    return _add(section, comment, "unmet", (), base, also, claims)


def failed(
    section: str,
    comment: str,
    *failures: Finding,
    base: Base = short,
    also: tuple[Finding, ...] = (),
    pins: Pins | None = None,
    **claims: str,
) -> Callable[[Make], Make]:
    """One fault; `failures` are all of the first failing class, the first finding first."""
    return _add(section, comment, "failed", failures, base, also, claims, pins)


def unreadable(
    section: str, comment: str, code: str, *, base: Base = short
) -> Callable[[Make], Make]:
    """Bytes that stop the reading; such a finding belongs to no node."""
    return _add(section, comment, "unreadable", ((code, None),), base)
