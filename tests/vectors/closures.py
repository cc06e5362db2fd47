"""Vectors of closures: where a root says that a braid ends (SPEC §11.7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vectors.formulas import compact, encode, pae, tree_head
from vectors.table import failed, unmet, verified
from vectors.weaver import Braid, Draft, Key, Signer

TIME = "2026-02-04T00:00:00.000Z"
Edit = Callable[[dict[str, Any]], object]


def closure(
    b: Braid,
    edit: Edit | None = None,
    *,
    by: Signer | None = None,
    purpose: str = "closure",
    respell: Callable[[str], str] | None = None,
) -> dict[str, Any]:
    """What the braid's root says of all drafts so far."""
    signatures = [b.signature(draft.name) for draft in b.drafts]
    fields: dict[str, Any] = {
        "braid": encode(b.key.public),
        "count": len(signatures),
        "reason": "restored",
        "root": encode(b.root.public),
        "time": TIME,
        "tree": encode(tree_head(signatures)),
        "v": 1,
    }
    if edit:
        edit(fields)
    h = compact(fields)
    if respell:
        h = respell(h)
    return {"type": "closure", "h": h, "s": encode((by or b.root).sign(pae(purpose, h.encode())))}


def opened(b: Braid) -> None:
    b.remove("seal")


@verified(
    "§11.7",
    "No seal; the root says that these are all its nodes.",
    ("N_CLOSED", None),
    sealed="no",
    closed="yes",
)
def closed_by_its_root(b: Braid) -> None:
    opened(b)
    b.proofs = [closure(b)]


@verified("§11.7", "A closure in JSON Lines.", ("N_CLOSED", None), sealed="no", closed="yes")
def closed_in_lines(b: Braid) -> None:
    opened(b)
    b.lines = True
    b.proofs = [closure(b, lambda fields: fields.update(reason="lost"))]


@verified(
    "§11.7",
    "A call whose end nobody could sign any more.",
    ("N_CLOSED", None),
    ("N_PENDING", 2),
    sealed="no",
    closed="yes",
)
def closed_in_a_call(b: Braid) -> None:
    opened(b)
    b.remove("end")
    b.proofs = [closure(b)]


@verified(
    "§10.5", "A proof that nobody knows, beside a closure.", ("N_CLOSED", None), ("N_PROOF", None)
)
def closure_beside_an_unknown_proof(b: Braid) -> None:
    opened(b)
    b.proofs = [{"type": "of-tomorrow", "x": 1}, closure(b)]


@unmet(
    "§11.7", "Closed by the root that certified it, which is not pinned.", closed="yes", signer="no"
)
def closed_by_a_root_not_pinned(b: Braid) -> None:
    b.root = Key("another root")
    opened(b)
    b.proofs = [closure(b)]


FAULT = ("E_PROOF", None)


def _wrong(name: str, comment: str, make: Callable[[Braid], object]) -> None:
    def vector(b: Braid) -> None:
        opened(b)
        b.proofs = [make(b)]

    vector.__name__ = name
    failed("§11.7", comment, FAULT, sealed="no", closed="no", signed="yes")(vector)


def _set(**changed: Any) -> Callable[[Braid], object]:
    return lambda b: closure(b, lambda fields: fields.update(changed))


_STRANGER = Key("stranger root")
_wrong("closure_by_a_foreign_root", "A stranger's key, named as the root.",
       lambda b: closure(b, by=_STRANGER))  # fmt: skip
_wrong("closure_under_a_foreign_root", "A stranger's closure, as such.",
       lambda b: closure(b, lambda f: f.update(root=encode(_STRANGER.public)), by=_STRANGER))  # fmt: skip
_wrong(
    "closure_by_the_braid_key", "The braid's own key cannot close.", lambda b: closure(b, by=b.key)
)
_wrong(
    "closure_signed_as_a_node",
    "A signature for another purpose.",
    lambda b: closure(b, purpose="node"),
)
_wrong("closure_signed_as_a_certificate", "A signature for another purpose.",
       lambda b: closure(b, purpose="certificate"))  # fmt: skip
_wrong("closure_of_another_braid", "What a root said of another of its braids.",
       _set(braid=encode(Key("other braid").public)))  # fmt: skip
_wrong("closure_of_more_nodes", "A node was cut off after the closure.",
       lambda b: closure(b, lambda f: f.update(count=f["count"] + 1)))  # fmt: skip
_wrong("closure_of_fewer_nodes", "A count that leaves one out.",
       lambda b: closure(b, lambda f: f.update(count=f["count"] - 1)))  # fmt: skip
_wrong("closure_of_another_tree", "As many nodes, but others.", _set(tree=encode(b"t" * 32)))
_wrong("closure_of_nothing", "A count of 0.", _set(count=0))
_wrong("closure_with_a_count_too_large", "A count above 2^53 - 1.", _set(count=2**53))
_wrong("closure_for_an_unknown_reason", "A reason of no list.", _set(reason="tired"))
_wrong("closure_at_no_moment", "A day that does not exist.", _set(time="2026-02-30T00:00:00.000Z"))
_wrong("closure_of_another_version", "A version that is not 1.", _set(v=2))
_wrong("closure_with_an_unknown_field", "The set of fields is closed.", _set(more=1))
_wrong("closure_in_a_loose_spelling", "A space after a comma.",
       lambda b: closure(b, respell=lambda h: h.replace(",", ", ", 1)))  # fmt: skip
_wrong("closure_with_an_unknown_member", "The proof's members are closed.",
       lambda b: {**closure(b), "note": "x"})  # fmt: skip
_wrong("closure_without_a_signature", "No s.", lambda b: {"type": "closure", "h": closure(b)["h"]})
_wrong("closure_with_a_number_for_h", "h is no string.", lambda b: {**closure(b), "h": 1})
_wrong("closure_with_a_short_signature", "s of 63 bytes.", lambda b: {**closure(b), "s": "A" * 84})
_wrong("closure_with_an_alias_of_its_signature", "Loose bits at the end of s.",
       lambda b: {**closure(b), "s": closure(b)["s"][:-1] + {"A": "B", "Q": "R", "g": "h", "w": "x"}[closure(b)["s"][-1]]})  # fmt: skip
_wrong("closure_with_s_not_reduced", "S at the group order.",
       lambda b: {**closure(b), "s": encode(b"\x01" * 32 + (2**252 + 27742317777372353535851937790883648493).to_bytes(32, "little"))})  # fmt: skip


@failed("§11.7", "A node that was signed after the root closed the braid.", FAULT, closed="no")
def node_after_a_closure(b: Braid) -> None:
    opened(b)
    b.proofs = [closure(b)]
    b.drafts.append(Draft("late", "annotation", ["end"], b"Late."))


@failed("§11.7", "A seal that was signed after the root closed the braid.", FAULT, sealed="yes")
def seal_after_a_closure(b: Braid) -> None:
    seal = b["seal"]
    opened(b)
    b.proofs = [closure(b)]
    b.drafts.append(seal)


@failed("§11.7", "A closure of a braid that is sealed.", FAULT, sealed="yes")
def closure_of_a_sealed_braid(b: Braid) -> None:
    b.proofs = [closure(b)]


@failed("§11.7", "Two closures, both true.", FAULT, closed="no")
def two_closures(b: Braid) -> None:
    opened(b)
    b.proofs = [closure(b), closure(b, lambda fields: fields.update(reason="lost"))]


@failed("§11.7", "No certificate, so no root whose closure it could be.", FAULT, closed="no")
def closure_without_a_certificate(b: Braid) -> None:
    opened(b)
    b.certified = False
    b.proofs = [closure(b)]
