"""Vectors of revocations, and of statements given apart from the file (SPEC §9.3–9.5, §11.7)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from vectors.closures import closure, opened
from vectors.faults_signing import OddKey
from vectors.formulas import compact, encode, pae
from vectors.logs import (
    CERTIFICATE_AT,
    END_AT,
    ONE_LOG,
    SEEN,
    SEEN_TWICE,
    closure_of,
    log_of,
    member,
)
from vectors.rotations import NEW, NEWEST, STRANGER, rotation
from vectors.table import Pins, failed, unmet, verified
from vectors.tlog import LOG, OTHER_LOG, SECOND, WITNESS, entry, proof_of
from vectors.tlog import TIME as TIME_SEEN
from vectors.weaver import ROOT, Braid, Key, Signer

STOLEN = "2026-02-10T00:00:00.000Z"
TIME = "2026-03-01T00:00:00.000Z"
BRAID = Key("braid")  # that of every vector
THIEF = Key("thief of a root")
REVOKED = ("E_REVOKED", None)
UNHEEDED = ("N_REVOCATION", None)


def revocation(
    key: Signer,
    by: Signer,
    edit: Callable[[dict[str, Any]], object] | None = None,
    *,
    of: str = "root",
    reason: str = "stolen",
    since: str = STOLEN,
    signed_by: Signer | None = None,
    purpose: str = "revocation",
    respell: Callable[[str], str] | None = None,
) -> dict[str, Any]:
    """What a root says of a key that is to be trusted no more."""
    fields: dict[str, Any] = {
        "by": encode(by.public),
        "from": since,
        "key": encode(key.public),
        "of": of,
        "reason": reason,
        "time": TIME,
        "v": 1,
    }
    if edit:
        edit(fields)
    h = compact(fields)
    if respell:
        h = respell(h)
    s = (signed_by or by).sign(pae(purpose, h.encode()))
    return {"type": "revocation", "h": h, "s": encode(s)}


def of_braid(by: Signer = ROOT, **more: Any) -> dict[str, Any]:
    return revocation(BRAID, by, of="braid", **more)


# What takes nothing away.


@verified("§9.4", "A root that ended in good order, after it certified.", UNHEEDED, signer="yes")
def root_retired_later(b: Braid) -> None:
    b.proofs = [revocation(ROOT, ROOT, reason="retired")]


@verified("§9.4", "Handed over first, then retired by its heir.", ("N_ROTATED", None), signer="yes")
def rotated_and_then_retired(b: Braid) -> None:
    b.root = NEW
    since = "2026-01-20T00:00:00.000Z"
    b.proofs = [rotation(ROOT, NEW), revocation(ROOT, NEW, reason="retired", since=since)]


@verified("§9.5", "A revocation by a root that has no say.", UNHEEDED, signer="yes")
def revoked_apart_by_a_stranger(b: Braid) -> None:
    b.statements = [revocation(ROOT, STRANGER), of_braid(STRANGER)]


@verified("§9.5", "Of a braid key as if it were a root, and the other way round.", signer="yes")
def revoked_apart_as_another_kind(b: Braid) -> None:
    b.statements = [revocation(BRAID, BRAID), revocation(ROOT, ROOT, of="braid")]


@verified("§9.5", "Revocations of other keys.", signer="yes")
def revoked_apart_are_others(b: Braid) -> None:
    b.statements = [
        revocation(Key("other braid"), ROOT, of="braid"),
        revocation(STRANGER, STRANGER),
        rotation(STRANGER, NEWEST),
    ]


@verified("§9.3", "The certifying root handed over later.", ("N_ROTATED", None), signer="yes")
def rotated_later(b: Braid) -> None:
    b.proofs = [rotation(STRANGER, ROOT), rotation(ROOT, NEW)]


@verified("§9.5", "The pinned root handed over, and that is given apart.", signer="yes")
def rotated_apart(b: Braid) -> None:
    b.root = NEW
    b.statements = [rotation(ROOT, NEW)]


@verified("§9.5", "Half of the chain in the file.", ("N_ROTATED", None), signer="yes")
def rotated_apart_and_in_the_file(b: Braid) -> None:
    b.root = NEWEST
    b.proofs = [rotation(NEW, NEWEST)]
    b.statements = [rotation(ROOT, NEW)]


@verified("§9.5", "Statements in any order.", signer="yes")
def rotated_apart_in_another_order(b: Braid) -> None:
    b.root = NEWEST
    b.statements = [rotation(NEW, NEWEST), rotation(ROOT, NEW)]


@unmet("§9.5", "It leads one way: from the old root to the new one.", signer="no")
def rotated_apart_the_other_way(b: Braid) -> None:
    b.root = NEW
    b.statements = [rotation(NEW, ROOT)]


# Closures by an heir of the root.


def _closed_by(b: Braid, root: Signer) -> dict[str, Any]:
    return closure(b, lambda f: f.update(root=encode(root.public)), by=root)


@verified(
    "§11.7",
    "Closed by the root that the certifying one handed over to.",
    ("N_CLOSED", None),
    ("N_ROTATED", None),
    sealed="no",
    closed="yes",
)
def closed_by_an_heir(b: Braid) -> None:
    opened(b)
    b.proofs = [rotation(ROOT, NEW), _closed_by(b, NEW)]


@verified("§11.7", "By the heir's heir; rotations may stand behind.", closed="yes")
def closed_by_an_heirs_heir(b: Braid) -> None:
    opened(b)
    b.proofs = [_closed_by(b, NEWEST), rotation(ROOT, NEW), rotation(NEW, NEWEST)]


@failed("§11.7", "By a root of before the certifying one.", ("E_PROOF", None), closed="no")
def closed_by_a_forebear(b: Braid) -> None:
    opened(b)
    b.proofs = [rotation(STRANGER, ROOT), _closed_by(b, STRANGER)]


@failed("§11.7", "By an heir whose rotation is not there.", ("E_PROOF", None), closed="no")
def closed_by_an_heir_without_the_chain(b: Braid) -> None:
    opened(b)
    b.proofs = [_closed_by(b, NEW)]


@failed("§11.7", "The rotation to it is given apart only.", ("E_PROOF", None), closed="no")
def closed_by_an_heir_given_apart(b: Braid) -> None:
    opened(b)
    b.proofs = [_closed_by(b, NEW)]
    b.statements = [rotation(ROOT, NEW)]


@verified(
    "§9.4", "The heir that closed it is revoked.", ("N_OPEN", None), closed="no", signer="yes"
)
def closed_by_an_heir_that_was_stolen(b: Braid) -> None:
    opened(b)
    b.proofs = [rotation(ROOT, NEW), _closed_by(b, NEW), revocation(NEW, ROOT)]


@verified(
    "§9.4",
    "It closed the braid, and ended in good order after that.",
    ("N_CLOSED", None),
    UNHEEDED,
    sealed="no",
    closed="yes",
    signer="yes",
)
def closed_and_its_root_retired_later(b: Braid) -> None:
    opened(b)
    b.proofs = [closure(b), revocation(ROOT, ROOT, reason="retired")]


@verified(
    "§9.4",
    "It certified the braid in its time, and closed it after that.",
    ("N_OPEN", None),
    UNHEEDED,
    closed="no",
    signer="yes",
)
def closed_after_its_root_was_retired(b: Braid) -> None:
    opened(b)
    since = "2026-02-03T00:00:00.000Z"
    b.proofs = [closure(b), revocation(ROOT, ROOT, reason="retired", since=since)]


@verified(
    "§9.4",
    "Its thief cuts the braid, hands over and has the heir close it; only its certificate was seen.",
    ("N_OPEN", None),
    ("N_ROTATED", None),
    UNHEEDED,
    pins=SEEN,
    closed="no",
    signer="yes",
)
def closed_by_an_heir_of_a_root_that_was_stolen(b: Braid) -> None:
    opened(b)
    for name in ("end", "text"):
        b.remove(name)
    seen = member("certificate", proof_of(CERTIFICATE_AT, log_of(b, closure_of(b)), LOG, WITNESS))
    b.proofs = [rotation(ROOT, THIEF), _closed_by(b, THIEF), seen]
    b.statements = [revocation(ROOT, ROOT)]


@verified(
    "§9.4",
    "A link between the root and the heir was stolen; the thief handed over.",
    ("N_OPEN", None),
    closed="no",
    signer="yes",
)
def closed_by_an_heir_of_an_heir_that_was_stolen(b: Braid) -> None:
    opened(b)
    b.proofs = [rotation(ROOT, NEW), rotation(NEW, THIEF), _closed_by(b, THIEF)]
    b.statements = [revocation(NEW, ROOT)]


@verified(
    "§9.4",
    "A link was stolen, and a rotation given apart leads round it.",
    ("N_CLOSED", None),
    closed="yes",
    signer="yes",
)
def closed_by_an_heir_to_whom_another_way_leads(b: Braid) -> None:
    opened(b)
    b.proofs = [rotation(ROOT, NEW), rotation(NEW, NEWEST), _closed_by(b, NEWEST)]
    b.statements = [revocation(NEW, ROOT), rotation(ROOT, NEWEST)]


@verified(
    "§9.4",
    "The heir's closure was witnessed before the old root was stolen.",
    ("N_CLOSED", None),
    UNHEEDED,
    pins=SEEN,
    closed="yes",
    signer="yes",
)
def closed_by_an_heir_and_witnessed_before_the_root_was_stolen(b: Braid) -> None:
    opened(b)
    said = _closed_by(b, NEW)
    entries = log_of(b, entry("closure", said["h"], said["s"]))
    b.proofs = [
        rotation(ROOT, NEW),
        said,
        member("certificate", proof_of(CERTIFICATE_AT, entries, LOG, WITNESS)),
        member("closure", proof_of(END_AT, entries, LOG, WITNESS)),
        revocation(ROOT, NEW),
    ]


# What is revoked.


def _revoked(
    name: str, comment: str, make: Callable[[Braid], object], section: str = "§9.4"
) -> None:
    def vector(b: Braid) -> None:
        make(b)

    vector.__name__ = name
    failed(section, comment, REVOKED, signed="yes", signer="no", sealed="yes")(vector)


def _proofs(*proofs: dict[str, Any], root: Signer = ROOT) -> Callable[[Braid], object]:
    def make(b: Braid) -> None:
        b.root = root
        b.proofs = list(proofs)

    return make


def _apart(*statements: dict[str, Any], root: Signer = ROOT) -> Callable[[Braid], object]:
    def make(b: Braid) -> None:
        b.root = root
        b.statements = list(statements)

    return make


_BEGIN = "2026-01-01T00:00:00.000Z"  # of the certificate
_LATER = "2026-01-01T00:00:00.001Z"
_revoked(
    "revoked-root-by-itself", "A root that was stolen says so.", _proofs(revocation(ROOT, ROOT))
)
_revoked(
    "revoked-root-lost", "Who finds it may use it.", _proofs(revocation(ROOT, ROOT, reason="lost"))
)
_revoked("revoked-root-after-the-last-node", "A thief writes what time he likes.",
         _proofs(revocation(ROOT, ROOT, since=TIME)))  # fmt: skip
_revoked("revoked-root-by-its-heir", "The new root says it of the old one.",
         _proofs(rotation(ROOT, NEW), revocation(ROOT, NEW)))  # fmt: skip
_revoked("revoked-root-by-a-forebear", "The old root says it of the new one.",
         _proofs(rotation(ROOT, NEW), revocation(NEW, ROOT), root=NEW))  # fmt: skip
_revoked("revoked-root-two-rotations-away", "A chain of two.",
         _proofs(rotation(ROOT, NEW), rotation(NEW, NEWEST), revocation(ROOT, NEWEST)))  # fmt: skip
_revoked("revoked-root-not-pinned", "Whoever's it is.",
         _proofs(revocation(STRANGER, STRANGER), root=STRANGER))  # fmt: skip
_revoked("revoked-root-retired-as-it-certified", "The first moment that is taken away.",
         _proofs(revocation(ROOT, ROOT, reason="retired", since=_BEGIN)))  # fmt: skip
_revoked("revoked-root-retired-and-then-stolen", "The worse of two counts.",
         _proofs(revocation(ROOT, ROOT, reason="retired"), revocation(ROOT, ROOT)))  # fmt: skip
_revoked("revoked-braid", "Its root says so.", _proofs(of_braid()))
_revoked("revoked-braid-lost", "The key may be with others.", _proofs(of_braid(reason="lost")))
_revoked("revoked-braid-by-an-heir", "The root after the one that certified it.",
         _proofs(of_braid(NEW), rotation(ROOT, NEW)))  # fmt: skip
_revoked("revoked-apart-root", "Stripped from the file, and known.",
         _apart(revocation(ROOT, ROOT)), "§9.5")  # fmt: skip
_revoked("revoked-apart-braid", "The same of a braid key.", _apart(of_braid()), "§9.5")
_revoked("revoked-apart-twice", "Told twice is told.", _apart(of_braid(), of_braid()), "§9.5")
_revoked("revoked-apart-by-an-heir", "With the rotation that gives it its say.",
         _apart(revocation(ROOT, NEW), rotation(ROOT, NEW)), "§9.5")  # fmt: skip


def _heir_in_the_file(b: Braid) -> None:
    b.proofs = [rotation(ROOT, NEW)]
    b.statements = [revocation(ROOT, NEW)]


_revoked("revoked-apart-by-an-heir-in-the-file", "The rotation stands in the file.",
         _heir_in_the_file, "§9.5")  # fmt: skip


@verified("§9.4", "A moment after it certified.", UNHEEDED, signer="yes")
def root_retired_a_moment_later(b: Braid) -> None:
    b.proofs = [revocation(ROOT, ROOT, reason="retired", since=_LATER)]


@failed(
    "§9.5",
    "A proof that does not hold hides no revocation given apart.",
    ("E_PROOF", None),
    also=(REVOKED,),
    signer="no",
)
def revoked_apart_beside_a_proof_that_fails(b: Braid) -> None:
    b.proofs = [rotation(ROOT, NEW, by=STRANGER)]
    b.statements = [revocation(ROOT, ROOT)]


@unmet("§9.4", "A thief of the old root could have handed over to anybody.", signer="no")
def rotation_by_a_root_that_was_stolen(b: Braid) -> None:
    b.root = NEW
    b.proofs = [rotation(ROOT, NEW), revocation(ROOT, ROOT)]


@unmet("§9.4", "It handed over after it was retired.", signer="no")
def rotation_by_a_root_that_was_retired(b: Braid) -> None:
    b.root = NEW
    since = "2026-01-15T00:00:00.000Z"
    b.proofs = [rotation(ROOT, NEW), revocation(ROOT, NEW, reason="retired", since=since)]


@unmet("§9.4", "A link in the middle was stolen.", signer="no")
def rotation_over_a_root_that_was_stolen(b: Braid) -> None:
    b.root = NEWEST
    b.proofs = [rotation(ROOT, NEW), rotation(NEW, NEWEST), revocation(NEW, ROOT)]


# What witnesses had seen before.

_SEEN_AT, _AFTER = "2026-02-03T04:05:06.000Z", "2026-02-03T04:05:06.001Z"  # tlog.TIME


def _seen(b: Braid, said: dict[str, Any], *of: str, times: tuple[int, ...] = (TIME_SEEN,)) -> None:
    """Proofs of what is `of` there, cosigned by witnesses at these times; and a revocation."""
    entries = log_of(b)
    at = {"certificate": CERTIFICATE_AT, "seal": END_AT}
    b.proofs = [said]
    for each in of or at:
        proof = proof_of(at[each], entries, LOG)
        for witness, time in zip((WITNESS, SECOND), times, strict=False):
            proof.lines.append(lambda text, w=witness, t=time: w.line(text, t))  # type: ignore[misc]
        b.proofs.append(member(each, proof))


@verified("§9.4", "Witnessed before it was stolen.", UNHEEDED, pins=SEEN, signer="yes")
def revoked_root_after_it_was_witnessed(b: Braid) -> None:
    _seen(b, revocation(ROOT, ROOT))


@verified("§9.4", "The same of a braid key.", UNHEEDED, pins=SEEN, signer="yes")
def revoked_braid_after_it_was_witnessed(b: Braid) -> None:
    _seen(b, of_braid())


@verified("§9.4", "A thousandth of a second before.", UNHEEDED, pins=SEEN, signer="yes")
def revoked_just_after_it_was_witnessed(b: Braid) -> None:
    _seen(b, of_braid(since=_AFTER))


@verified("§9.4", "Of a root, the certificate alone says it.", UNHEEDED, pins=SEEN, signer="yes")
def revoked_root_after_its_certificate_was_witnessed(b: Braid) -> None:
    _seen(b, revocation(ROOT, ROOT), "certificate")


@verified("§9.5", "And where the verifier alone was told.", UNHEEDED, pins=SEEN, signer="yes")
def revoked_apart_after_it_was_witnessed(b: Braid) -> None:
    _seen(b, revocation(ROOT, ROOT))
    b.statements = [b.proofs.pop(0)] if b.proofs else []


@verified("§9.4", "Two saw it, as asked for.", UNHEEDED, pins=SEEN_TWICE, signer="yes")
def revoked_after_two_witnessed_it(b: Braid) -> None:
    _seen(b, of_braid(), times=(TIME_SEEN, TIME_SEEN + 60))


@verified("§9.4", "The closure was seen.", UNHEEDED, pins=SEEN, signer="yes", closed="yes")
def revoked_braid_after_its_closure_was_witnessed(b: Braid) -> None:
    opened(b)
    entries = log_of(b, closure_of(b))
    proof = proof_of(END_AT, entries, LOG, WITNESS)
    b.proofs = [closure(b), of_braid(), member("closure", proof)]


def _too_late(name: str, comment: str, make: Callable[[Braid], object], pins: Pins) -> None:
    def vector(b: Braid) -> None:
        make(b)

    vector.__name__ = name
    failed("§9.4", comment, REVOKED, pins=pins, signed="yes", signer="no")(vector)


_too_late("revoked-as-it-was-witnessed", "At the same moment is not before.",
          lambda b: _seen(b, of_braid(since=_SEEN_AT)), SEEN)  # fmt: skip
_too_late("revoked-before-it-was-witnessed", "The thief had the key already.",
          lambda b: _seen(b, revocation(ROOT, ROOT, since="2026-02-01T00:00:00.000Z")), SEEN)  # fmt: skip
_too_late("revoked-and-logged-alone", "A log is the operator's; no witness is pinned.",
          lambda b: _seen(b, revocation(ROOT, ROOT)), ONE_LOG)  # fmt: skip
_too_late("revoked-and-seen-in-a-log-that-is-not-pinned", "Whose log is it?",
          lambda b: _seen(b, revocation(ROOT, ROOT)), {})  # fmt: skip
_too_late("revoked-and-seen-by-one-of-two", "Two were asked for.",
          lambda b: _seen(b, revocation(ROOT, ROOT)), SEEN_TWICE)  # fmt: skip
_too_late("revoked-and-seen-by-the-second-too-late", "The second came a year after.",
          lambda b: _seen(b, revocation(ROOT, ROOT), times=(TIME_SEEN, TIME_SEEN + 31_536_000)),
          SEEN_TWICE)  # fmt: skip
_too_late("revoked-braid-of-which-the-certificate-was-seen", "What it signed later may be a thief's.",
          lambda b: _seen(b, of_braid(), "certificate"), SEEN)  # fmt: skip
_too_late("revoked-root-of-which-the-seal-was-seen", "The certificate may be the thief's.",
          lambda b: _seen(b, revocation(ROOT, ROOT), "seal"), SEEN)  # fmt: skip


_too_late("revoked-and-seen-in-another-log", "A witness who is pinned, of a log that is not.",
          lambda b: _seen(b, revocation(ROOT, ROOT)),
          {"logs": [OTHER_LOG.vkey], "witnesses": [WITNESS.vkey]})  # fmt: skip


@failed("§9.4", "Each of two counts by its own time.", REVOKED, pins=SEEN, signer="no")
def revoked_twice_and_seen_between(b: Braid) -> None:
    _seen(b, of_braid())
    assert b.proofs is not None
    b.proofs.append(of_braid(since="2026-02-01T00:00:00.000Z"))


def _handed_over(b: Braid, count: int) -> None:
    keys = [ROOT, *(Key(f"root {number}") for number in range(count))]
    b.proofs = [rotation(old, new) for old, new in pairwise(keys)]


@verified("§12", "As many as may be.", ("N_ROTATED", None), signer="yes")
def rotated_64_times(b: Braid) -> None:
    _handed_over(b, 64)


@failed("§12", "One more than may be.", ("E_PROOF", None))
def rotation_65(b: Braid) -> None:
    _handed_over(b, 65)


def _retired(count: int) -> list[dict[str, Any]]:
    times = [f"2026-02-10T00:00:00.0{number:02}Z" for number in range(count)]
    return [revocation(ROOT, ROOT, reason="retired", since=time) for time in times]


@verified("§12", "As many as may be, each for later.", UNHEEDED, signer="yes")
def retired_64_times(b: Braid) -> None:
    b.proofs = list(_retired(64))


@failed("§12", "One more than may be.", ("E_PROOF", None))
def revocation_65(b: Braid) -> None:
    b.proofs = list(_retired(65))


# Revocations that do not hold.


def _wrong(name: str, comment: str, *proofs: dict[str, Any], root: Signer = ROOT) -> None:
    def vector(b: Braid) -> None:
        b.root = root
        b.proofs = list(proofs)

    vector.__name__ = name
    answer = "yes" if root is ROOT else "no"
    failed("§9.4", comment, ("E_PROOF", None), signed="yes", signer=answer)(vector)


def _with(**fields: Any) -> dict[str, Any]:
    return revocation(ROOT, ROOT, lambda f: f.update(fields))


_whole = revocation(ROOT, ROOT)
_wrong("revocation-by-a-stranger", "A root without a say.", revocation(ROOT, STRANGER))
_wrong("revocation-of-the-braid-by-a-stranger", "The same of a braid key.", of_braid(STRANGER))
_wrong("revocation-signed-by-a-stranger", "In the root's name.",
       revocation(ROOT, ROOT, signed_by=STRANGER))  # fmt: skip
_wrong("revocation-of-the-braid-by-itself", "Its own key has no say.", of_braid(BRAID))
_wrong("revocation-of-the-braid-by-a-forebear", "A root of before its own.",
       rotation(STRANGER, ROOT), of_braid(STRANGER))  # fmt: skip
_wrong("revocation-by-an-heir-without-the-chain", "The rotation is missing.", revocation(ROOT, NEW))
for _purpose in ("node", "certificate", "possession", "closure", "rotation", "statement"):
    _wrong(f"revocation-signed-as-a-{_purpose}", "A signature for another purpose.",
           revocation(ROOT, ROOT, purpose=_purpose))  # fmt: skip
_wrong("revocation-of-another-braid", "Of another braid of this root.",
       revocation(Key("other braid"), ROOT, of="braid"))  # fmt: skip
_wrong("revocation-of-another-root", "Of a root that has nothing to do with it.",
       revocation(STRANGER, STRANGER))  # fmt: skip
_wrong("revocation-twice", "The same one again.", _whole, _whole)
_wrong("revocation-of-the-root-as-a-braid", "Of the root as if it were a braid.",
       revocation(ROOT, ROOT, of="braid"))  # fmt: skip
_wrong("revocation-at-no-moment", "No such day.", _with(time="2026-02-30T00:00:00.000Z"))
_wrong("revocation-from-no-moment", "No such day.", _with(**{"from": "2026-02-30T00:00:00.000Z"}))
_wrong("revocation-from-a-later-moment", "From later than it was said.",
       _with(**{"from": "2026-03-01T00:00:00.001Z"}))  # fmt: skip
_wrong("revocation-for-an-unknown-reason", "A reason of no list.", _with(reason="tired"))
_wrong("revocation-of-a-retired-braid", "A braid key is sealed, not retired.",
       of_braid(reason="retired"))  # fmt: skip
_wrong("revocation-of-an-unknown-kind", "Neither braid nor root.", _with(of="node"))
_wrong("revocation-of-another-version", "v is 1.", _with(v=2))
_wrong("revocation-with-an-unknown-field", "The fields are closed.", _with(x=1))
_wrong("revocation-in-a-loose-spelling", "A space after a comma.",
       revocation(ROOT, ROOT, respell=lambda h: h.replace(",", ", ", 1)))  # fmt: skip
_wrong("revocation-without-a-signature", "No s.", {k: v for k, v in _whole.items() if k != "s"})
_wrong("revocation-with-an-unknown-member", "The members are closed.", {**_whole, "note": ""})
_wrong(
    "revocation-with-a-possession",
    "Nobody needs to hold what is revoked.",
    {**_whole, "pop": _whole["s"]},
)
_wrong("revocation-with-a-number-for-h", "h is no string.", {**_whole, "h": 1})
_wrong("revocation-with-a-short-signature", "63 bytes.", {**_whole, "s": "A" * 84})
_wrong("revocation-with-an-alias-of-its-signature", "Loose bits at the end of s.",
       {**_whole, "s": _whole["s"][:-1] + {"A": "B", "Q": "R", "g": "h", "w": "x"}[_whole["s"][-1]]})  # fmt: skip
_wrong("revocation-with-s-not-reduced", "S at the group order.",
       {**_whole, "s": encode(b"\x01" * 32 + (2**252 + 27742317777372353535851937790883648493).to_bytes(32, "little"))})  # fmt: skip
_wrong("revocation-beside-a-proof-that-fails", "None counts where one fails.",
       _whole, rotation(ROOT, NEW, by=STRANGER))  # fmt: skip


@failed("§9.4", "Nobody certified it, so nobody has a say.", ("E_PROOF", None), signer="no")
def revocation_without_a_certificate(b: Braid) -> None:
    b.certified = False
    b.proofs = [of_braid()]


def statements() -> list[dict[str, Any]]:
    """Files of statements, and whether they are to be refused whole."""

    def line(proof: dict[str, Any]) -> str:
        return compact(proof) + "\n"

    turn, end = line(rotation(ROOT, NEW)), line(_whole)

    def case(comment: str, text: str, good: bool = False) -> dict[str, Any]:
        return {"comment": comment, "text": text, "good": good}

    return [
        case("both kinds", turn + end, True),
        case("without the last line end", (turn + end)[:-1], True),
        case("one statement twice", end + end, True),
        case("white space inside", end.replace('":"', '": "', 1), True),
        case("nothing", "", True),
        case("a blank line", turn + "\n" + end),
        case("a blank line at the end", turn + end + "\n"),
        case("only a line end", "\n"),
        case("two on a line", turn[:-1] + end),
        case("a list of them", f"[{end[:-1]}]\n"),
        case("a closure", line({"type": "closure", "h": "", "s": ""})),
        case("an unknown type", line({**_whole, "type": "of-tomorrow"})),
        case("no type", line({k: v for k, v in _whole.items() if k != "type"})),
        case("a repeated name", end.replace("{", '{"type":"revocation",', 1)),
        case("a byte-order mark", "\ufeff" + end),
        case("signed by a stranger", line(revocation(ROOT, ROOT, signed_by=STRANGER))),
        case("by a key of mixed order", line(revocation(ROOT, OddKey("mixed", torsion=1)))),
        case("by a key of small order", line(revocation(ROOT, OddKey("small", scalar=0, torsion=4)))),
        case("a rotation to a key not held", line(rotation(ROOT, NEW, held_by=ROOT))),
        case("an unknown member", line({**_whole, "note": ""})),
        case("cut short", end[:-20]),
        case("the last of them wrong", turn + end[:-2] + "\n"),
        case("words", "to be trusted no more\n"),
        case("a key, as in a list of roots", encode(ROOT.public) + "\n"),
    ]  # fmt: skip
