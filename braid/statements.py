"""Statements of root keys in a file of their own: rotations and revocations, one a line (SPEC §9.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from braid import revocation, rotation
from braid.errors import BraidError, Malformed
from braid.revocation import Revocation, check_revocation
from braid.rotation import Rotation, check_rotation
from braid.strict_json import Json, dumps, read_object

MAX_BYTES = 1024 * 1024  # some 2,500 statements


class StatementUnusable(BraidError):
    """A file that is no list of statements, or holds one that does not hold.

    One that silently did not count would be a surprise.
    """


@dataclass(frozen=True, slots=True, repr=False)
class Statements:
    """What roots said beside their certificates, each checked by itself; `proofs` as it stood."""

    rotations: tuple[Rotation, ...] = ()
    revocations: tuple[Revocation, ...] = ()
    proofs: tuple[dict[str, Json], ...] = ()

    def __repr__(self) -> str:
        many = f"rotations={len(self.rotations)} revocations={len(self.revocations)}"
        return f"<Statements {many}>"

    @classmethod
    def joined(cls, those: Sequence[Statements]) -> Statements:
        """Give the statements of several files as those of one."""
        return cls(
            tuple(each for one in those for each in one.rotations),
            tuple(each for one in those for each in one.revocations),
            tuple(each for one in those for each in one.proofs),
        )


def write_statement(proof: dict[str, Json]) -> bytes:
    """Write a statement as a line of a file of them."""
    return dumps(proof).encode("ascii") + b"\n"


def parse_statements(raw: bytes, place: str = "statements") -> Statements:
    """Read statements, one a line, each as it would stand in `proofs` (SPEC §9.5).

    Raises StatementUnusable, naming the line, for one that is none.
    """
    if len(raw) > MAX_BYTES:
        raise StatementUnusable(f"{place}: expected at most {MAX_BYTES} bytes")
    rotations: list[Rotation] = []
    revocations: list[Revocation] = []
    proofs: list[dict[str, Json]] = []
    for number, line in enumerate(raw.removesuffix(b"\n").split(b"\n") if raw else (), start=1):
        try:
            proof = read_object(line, "statement")
            if proof.get("type") == rotation.PROOF_TYPE:
                rotations.append(check_rotation(proof))
            elif proof.get("type") == revocation.PROOF_TYPE:
                revocations.append(check_revocation(proof))
            else:
                raise Malformed("E_PROOF", "expected a rotation or a revocation")
        except Malformed as fault:
            raise StatementUnusable(f"{place}, line {number}: {fault}") from fault
        proofs.append(proof)
    return Statements(tuple(rotations), tuple(revocations), tuple(proofs))
