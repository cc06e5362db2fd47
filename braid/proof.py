"""A proof as it stands in a transcript: its type, and strings under names (SPEC §10.5)."""

from __future__ import annotations

from braid.errors import Malformed
from braid.strict_json import Json


def strings_of(proof: dict[str, Json], kind: str, *names: str) -> tuple[str, ...]:
    """Give the strings that a proof of this type holds under these names, and under no others.

    Raises Malformed, always with E_PROOF.
    """
    found = [value for name in names if isinstance(value := proof.get(name), str)]
    if proof.keys() != {"type", *names} or proof["type"] != kind or len(found) != len(names):
        *others, last = ("type", *names)
        raise Malformed("E_PROOF", f"{kind}: expected the strings {', '.join(others)} and {last}")
    return tuple(found)
