"""Vectors of logs: what one holds of a braid, and who saw it (SPEC §13)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from vectors import curve
from vectors.closures import closure, opened
from vectors.conversations import short
from vectors.formulas import derive, pae, tree_head
from vectors.table import Pins, failed, verified
from vectors.tlog import (
    LOG,
    OTHER_LOG,
    SECOND,
    TIME,
    WITNESS,
    Party,
    Proof,
    entry,
    proof_of,
    standard,
    stranger,
)
from vectors.weaver import Braid, Key, Signer

CERTIFICATE_AT, END_AT, SIZE = 3, 8, 11
ONE_LOG: Pins = {"logs": [LOG.vkey]}
SEEN: Pins = {**ONE_LOG, "witnesses": [WITNESS.vkey]}
SEEN_TWICE: Pins = {**ONE_LOG, "witnesses": [WITNESS.vkey, SECOND.vkey], "quorum": 2}
FAULT = ("E_PROOF", None)
STRANGER = Key("stranger log")


def certificate_of(b: Braid) -> bytes:
    held = b.certificate()
    return entry("certificate", held["h"], held["s"], held["pop"])


def seal_of(b: Braid) -> bytes:
    return entry("seal", b.header("seal"), b.text("seal"))


def closure_of(b: Braid) -> bytes:
    said = closure(b)
    return entry("closure", said["h"], said["s"])


def log_of(b: Braid, end: bytes | None = None) -> list[bytes]:
    """A log of eleven entries: those of this braid among those of others."""
    entries = [stranger(number) for number in range(SIZE)]
    entries[CERTIFICATE_AT] = certificate_of(b)
    entries[END_AT] = seal_of(b) if end is None else end
    return entries


def member(of: str, proof: Proof) -> dict[str, Any]:
    return {"type": "log", "of": of, "proof": proof.write()}


def proofs(b: Braid, *witnesses: Party) -> list[dict[str, Any]]:
    """Honest proofs of certificate and seal."""
    entries = log_of(b)
    return [
        member("certificate", proof_of(CERTIFICATE_AT, entries, LOG, *witnesses)),
        member("seal", proof_of(END_AT, entries, LOG, *witnesses)),
    ]


# --- honest


@verified(
    "§13.4", "Certificate and seal stand in a pinned log.",
    pins=ONE_LOG, logged="yes", witnessed="not checked",
)  # fmt: skip
def logged(b: Braid) -> None:
    b.proofs = proofs(b)


@verified("§13.4", "And a pinned witness saw it.", pins=SEEN, logged="yes", witnessed="yes")
def logged_and_witnessed(b: Braid) -> None:
    b.lines = True
    b.proofs = proofs(b, WITNESS)


@verified("§13.4", "Two did, as asked for.", pins=SEEN_TWICE, logged="yes", witnessed="yes")
def witnessed_by_two(b: Braid) -> None:
    b.proofs = proofs(b, WITNESS, SECOND)


@verified(
    "§13.4", "One did, where two are asked for.", pins=SEEN_TWICE, logged="yes", witnessed="no"
)
def witnessed_by_one_of_two(b: Braid) -> None:
    b.proofs = proofs(b, SECOND)


@verified(
    "§13.4", "Of two witnesses each saw one half.", pins=SEEN_TWICE, logged="yes", witnessed="no"
)
def witnessed_by_two_apart(b: Braid) -> None:
    entries = log_of(b)
    b.proofs = [
        member("certificate", proof_of(CERTIFICATE_AT, entries[:7], LOG, WITNESS)),
        member("seal", proof_of(END_AT, entries, LOG, SECOND)),
    ]


@verified(
    "§13.4", "One key that is pinned under two names is one witness.",
    pins={**ONE_LOG, "witnesses": [WITNESS.vkey, Party("also.example", 4, WITNESS.key).vkey, SECOND.vkey],
          "quorum": 2},
    logged="yes", witnessed="no",
)  # fmt: skip
def witnessed_by_one_key_under_two_names(b: Braid) -> None:
    b.proofs = proofs(b, WITNESS, Party("also.example", 4, WITNESS.key))


@verified(
    "§13.4", "Cosigned three times by one witness: once.",
    pins=SEEN_TWICE, logged="yes", witnessed="no",
)  # fmt: skip
def witnessed_repeatedly(b: Braid) -> None:
    def again(proof: Proof) -> Proof:
        for time in (TIME + 60, TIME - 60):
            proof.lines.append(lambda text, time=time: WITNESS.line(text, time))  # type: ignore[misc]
        return proof

    entries = log_of(b)
    b.proofs = [
        member("certificate", again(proof_of(CERTIFICATE_AT, entries, LOG, WITNESS))),
        member("seal", again(proof_of(END_AT, entries, LOG, WITNESS))),
    ]


@verified("§13.4", "Nobody pinned a log.", ("N_LOG", None),
          logged="not checked", witnessed="not checked")  # fmt: skip
def logged_and_no_log_pinned(b: Braid) -> None:
    b.proofs = proofs(b, WITNESS)


@verified("§13.4", "It stands in another log than the pinned one.", ("N_LOG", None),
          pins=SEEN, logged="no", witnessed="no")  # fmt: skip
def logged_in_a_log_not_pinned(b: Braid) -> None:
    entries = log_of(b)
    b.proofs = [
        member("certificate", proof_of(CERTIFICATE_AT, entries, OTHER_LOG, WITNESS)),
        member("seal", proof_of(END_AT, entries, OTHER_LOG, WITNESS)),
    ]


@verified(
    "§13.4", "The seal stands in the log that followed the first; both are pinned.",
    pins={"logs": [OTHER_LOG.vkey, LOG.vkey], "witnesses": [WITNESS.vkey]},
    logged="yes", witnessed="yes",
)  # fmt: skip
def logged_in_two_logs(b: Braid) -> None:
    entries = log_of(b)
    b.proofs = [
        member("seal", proof_of(1, [stranger(0), entries[END_AT]], OTHER_LOG, WITNESS)),
        member("certificate", proof_of(CERTIFICATE_AT, entries, LOG, WITNESS)),
    ]


@verified(
    "§13.4", "Each in two logs, of which one is pinned.", ("N_LOG", None),
    pins=ONE_LOG, logged="yes",
)  # fmt: skip
def logged_twice(b: Braid) -> None:
    entries = log_of(b)
    b.proofs = [
        member("certificate", proof_of(CERTIFICATE_AT, entries, OTHER_LOG)),
        member("seal", proof_of(END_AT, entries, OTHER_LOG)),
        *proofs(b),
    ]


@verified(
    "§13.4", "An open braid: only the certificate can be logged, here as a log's first entry.",
    pins=SEEN, logged="yes", witnessed="yes", sealed="no",
)  # fmt: skip
def logged_and_open(b: Braid) -> None:
    opened(b)
    b.proofs = [member("certificate", proof_of(0, [certificate_of(b)], LOG, WITNESS))]


@verified(
    "§13.4", "A closure stands in the log, and behind its proof in the list.",
    ("N_CLOSED", None),
    pins=SEEN, logged="yes", witnessed="yes", closed="yes",
)  # fmt: skip
def logged_and_closed(b: Braid) -> None:
    opened(b)
    entries = log_of(b, closure_of(b))
    b.proofs = [
        member("closure", proof_of(END_AT, entries, LOG, WITNESS)),
        member("certificate", proof_of(CERTIFICATE_AT, entries, LOG, WITNESS)),
        closure(b),
    ]


@verified("§13.4", "Two checkpoints of one log, of which the later one has both.",
          pins=SEEN, logged="yes", witnessed="yes")  # fmt: skip
def logged_as_it_grew(b: Braid) -> None:
    entries = log_of(b) + [stranger(number) for number in range(SIZE, 300)]
    b.proofs = [
        member("certificate", proof_of(CERTIFICATE_AT, entries[:4], LOG, WITNESS)),
        member("seal", proof_of(END_AT, entries, LOG, WITNESS)),
    ]


@verified("§13.4", "The seal's proof alone: where the braid began is not proven.",
          pins=SEEN, logged="no", witnessed="no")  # fmt: skip
def logged_without_the_certificate(b: Braid) -> None:
    b.proofs = proofs(b, WITNESS)[1:]


@verified("§13.4", "The certificate's proof alone: where the braid ends is not proven.",
          pins=SEEN, logged="no", witnessed="no")  # fmt: skip
def logged_without_the_seal(b: Braid) -> None:
    b.proofs = proofs(b, WITNESS)[:1]


@verified("§13.4", "A line of nobody's, and wrong: left aside.", pins=SEEN,
          logged="yes", witnessed="yes")  # fmt: skip
def cosigned_by_nobody_too(b: Braid) -> None:
    garbage = Party("nobody.example", 4, STRANGER).spelled(b"\xff" * 72)
    short_line = Party(WITNESS.name, 4, STRANGER).spelled(b"x")
    entries = log_of(b)
    made = []
    for of, at in (("certificate", CERTIFICATE_AT), ("seal", END_AT)):
        proof = proof_of(at, entries, LOG, WITNESS)
        proof.lines[1:1] = [lambda text: garbage, lambda text: short_line]
        made.append(member(of, proof))
    b.proofs = made


@verified("§13.4", "Nothing at all is proven of a braid, and a log is pinned.", pins=SEEN,
          logged="no", witnessed="no")  # fmt: skip
def not_logged(b: Braid) -> None:
    b.proofs = []


LARGEST = 128 * 1024


def _filled(text: str, size: int) -> str:
    """Add a line of an unknown key, so that a proof has so many bytes."""
    rest = size - len(text.encode()) - len("—  A\n".encode()) + 1
    name = "x" * (rest % 4 + 4)
    return text + f"— {name} {'A' * (rest - len(name))}\n"


@verified("§13.4", "A proof as long as it may be.", pins=SEEN, logged="yes", witnessed="yes")
def logged_at_great_length(b: Braid) -> None:
    b.proofs = proofs(b, WITNESS)
    b.proofs[1]["proof"] = _filled(b.proofs[1]["proof"], LARGEST)
    assert len(b.proofs[1]["proof"].encode()) == LARGEST


# --- one fault each, in the proof of the seal


def _wrong(
    name: str,
    comment: str,
    edit: Callable[[Proof, list[bytes]], object] | None = None,
    respell: Callable[[str], str] | None = None,
    *,
    also_member: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    section: str = "§13.4",
    pins: Pins = SEEN,
    unpinned: bool = False,
) -> None:
    """`edit` changes the proof before its checkpoint is signed, `respell` its text after."""

    def vector(b: Braid) -> None:
        entries = log_of(b)
        proof = proof_of(END_AT, entries, LOG, WITNESS)
        if edit:
            edit(proof, entries)
        made = member("seal", proof)
        if respell:
            spelled = respell(made["proof"])
            assert spelled != made["proof"], name
            made["proof"] = spelled
        b.proofs = [proofs(b, WITNESS)[0], also_member(made) if also_member else made]

    answer = "not checked" if unpinned else "no"
    vector.__name__ = name
    failed(
        section, comment, FAULT, pins={} if unpinned else pins,
        signed="yes", sealed="yes", logged=answer, witnessed=answer,
    )(vector)  # fmt: skip


def _flip(raw: bytes) -> bytes:
    return bytes([raw[0] ^ 1]) + raw[1:]


def _raised(signature: bytes) -> bytes:
    s = int.from_bytes(signature[32:], "little") + curve.L
    return signature[:32] + s.to_bytes(32, "little")


def _cosigned(text: str, key: Signer = WITNESS.key) -> bytes:
    message = f"cosignature/v1\ntime {TIME}\n{text}"
    return TIME.to_bytes(8, "big") + key.sign(message.encode())


def _moved(text: str, time: int) -> str:
    return WITNESS.spelled(time.to_bytes(8, "big") + _cosigned(text)[8:])


def _set(**values: Any) -> Callable[[Proof, list[bytes]], None]:
    def edit(proof: Proof, entries: list[bytes]) -> None:
        for name, value in values.items():
            setattr(proof, name, value)

    return edit


def _steps(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Proof, list[bytes]], None]:
    def edit(proof: Proof, entries: list[bytes]) -> None:
        proof.path = change(proof.path)

    return edit


def _at(index: int) -> Callable[[Proof, list[bytes]], None]:
    """A proof of another place, whole in itself."""

    def edit(proof: Proof, entries: list[bytes]) -> None:
        other = proof_of(index, entries)
        proof.index, proof.path = other.index, other.path

    return edit


def _log_line(make: Callable[[str], str]) -> Callable[[Proof, list[bytes]], None]:
    def edit(proof: Proof, entries: list[bytes]) -> None:
        proof.lines[0] = make

    return edit


def _witness_line(make: Callable[[str], str]) -> Callable[[Proof, list[bytes]], None]:
    def edit(proof: Proof, entries: list[bytes]) -> None:
        proof.lines[1] = make

    return edit


# The entry and its place
_wrong("log_proof_of_another_entry", "Another's seal, at its place.", _at(5), section="§13.1")
_wrong("log_proof_of_the_certificate_as_the_seal", "The certificate's place.", _at(CERTIFICATE_AT),
       section="§13.1")  # fmt: skip


def _entry_wrong(name: str, comment: str, make: Callable[[Braid], bytes]) -> None:
    """A log that holds the seal in other bytes than those of SPEC §13.1."""

    def vector(b: Braid) -> None:
        entries = log_of(b, make(b))
        b.proofs = [
            member("certificate", proof_of(CERTIFICATE_AT, entries, LOG, WITNESS)),
            member("seal", proof_of(END_AT, entries, LOG, WITNESS)),
        ]

    vector.__name__ = name
    failed("§13.1", comment, FAULT, pins=SEEN, logged="no", witnessed="no")(vector)


_entry_wrong("log_entry_of_another_kind", "Logged as a closure.",
             lambda b: entry("closure", b.header("seal"), b.text("seal")))  # fmt: skip
_entry_wrong("log_entry_without_its_first_line", "Only what was signed.",
             lambda b: f"{b.header('seal')}\n{b.text('seal')}\n".encode())  # fmt: skip
_entry_wrong("log_entry_without_a_last_line_end", "One byte less.", lambda b: seal_of(b)[:-1])
_entry_wrong("log_entry_of_another_braid", "The seal of another braid of this root.",
             lambda b: seal_of(short("other")))  # fmt: skip
_wrong("log_proof_with_the_index_one_more", "The path of one place, the index of the next.",
       _set(index=END_AT + 1))  # fmt: skip
_wrong("log_proof_with_the_index_of_the_certificate", "Where the path turns is the index.",
       _set(index=CERTIFICATE_AT))  # fmt: skip
_wrong("log_proof_with_the_index_at_the_size", "No entry stands there.", _set(index=SIZE))
_wrong("log_proof_with_the_index_beyond_the_size", "Nor there.", _set(index=2**53 - 1))
_wrong("log_proof_with_an_index_beyond_2_53", "Beyond what is a number here.", _set(index=2**53))
_wrong("log_proof_with_a_short_path", "The last step is missing.", _steps(lambda p: p[:-1]))
_wrong("log_proof_without_its_first_step", "The first step is missing.", _steps(lambda p: p[1:]))
_wrong("log_proof_without_a_path", "No step.", _steps(lambda p: []))
_wrong("log_proof_with_a_long_path", "A step too many.", _steps(lambda p: [*p, derive("step")]))
_wrong("log_proof_with_54_steps", "More than any tree has.",
       _steps(lambda p: [derive("step")] * 54))  # fmt: skip
_wrong(
    "log_proof_with_a_bit_changed", "One bit of a step.", _steps(lambda p: [_flip(p[0]), *p[1:]])
)
_wrong("log_proof_with_steps_swapped", "Two steps in the wrong order.",
       _steps(lambda p: [p[1], p[0], *p[2:]]))  # fmt: skip
_wrong("log_proof_with_a_step_of_31_bytes", "No hash.", _steps(lambda p: [p[0][:31], *p[1:]]))
_wrong("log_proof_under_another_root", "The log signed another head.", _set(root=derive("root")))
_wrong("log_proof_under_another_size", "The same head, said to be of a larger tree.",
       _set(size=SIZE + 10))  # fmt: skip
_wrong("log_proof_under_a_smaller_tree", "A tree that ends before the entry.", _set(size=END_AT))


def _cut_tree(proof: Proof, entries: list[bytes]) -> None:
    """A head that is no leaf's: an inner node taken for an entry's place (RFC 6962 tells them apart)."""
    proof.path, proof.index, proof.size = [], 0, 1
    proof.root = tree_head(entries)


_wrong("log_proof_of_a_tree_of_one", "The head itself said to be the only entry.", _cut_tree)
_wrong("log_proof_wrong_and_no_log_pinned", "What needs no key is checked without one.",
       _steps(lambda p: [_flip(p[0]), *p[1:]]), unpinned=True)  # fmt: skip


def _respell(old: str, new: str, count: int = 1) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, count)


def _line(number: int, change: Callable[[str], str]) -> Callable[[str], str]:
    """Change one line of the text."""

    def respell(text: str) -> str:
        lines = text.split("\n")
        lines[number] = change(lines[number])
        return "\n".join(lines)

    return respell


def _alias(text: str) -> str:
    """Set spare bits of padded base64: another spelling of the same bytes."""
    at = len(text.rstrip("=")) - 1
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return text[:at] + alphabet[alphabet.index(text[at]) + 1] + text[at + 1 :]


# Lines of the text: 0 the version, 1 the index, 2 to 4 the path, 5 empty, 6 to 8 the checkpoint,
# 9 empty, 10 the log's line, 11 the witness's.
STEP, EMPTY, TREE_SIZE, ROOT_HASH, LOG_LINE = 2, 5, 7, 8, 10
_wrong("log_proof_of_another_version", "v2.", respell=_respell("@v1", "@v2"))
_wrong("log_proof_with_an_extra_line", "Data that nothing vouches for.",
       respell=_respell("\nindex", "\nextra AAAA\nindex"))  # fmt: skip
_wrong("log_proof_with_crlf", "Other line ends.", respell=_respell("\n", "\r\n", 99))
_wrong("log_proof_with_a_crlf", "One other line end.", respell=_respell("\n", "\r\n"))
_wrong("log_proof_without_its_last_line_end", "Cut by a byte.", respell=lambda text: text[:-1])
_wrong("log_proof_with_something_after_it", "A line that signs nothing.",
       respell=lambda text: text + "x\n")  # fmt: skip
_wrong("log_proof_with_a_blank_line_after_it", "An empty last line.",
       respell=lambda text: text + "\n")  # fmt: skip
_wrong("log_proof_with_an_index_01", "A leading zero.", respell=_respell("index 8", "index 08"))
_wrong("log_proof_with_an_index_in_another_script", "Digits, but not these.",
       respell=_respell("index 8", "index ٨"))  # fmt: skip
_wrong("log_proof_without_an_index", "No such line.", respell=_respell("index 8\n", ""))
_wrong("log_proof_with_a_step_in_another_spelling", "Spare bits set.", respell=_line(STEP, _alias))
_wrong("log_proof_with_a_step_without_padding", "No =.",
       respell=_line(STEP, lambda line: line.rstrip("=")))  # fmt: skip
_wrong("log_proof_with_a_step_in_base64url", "Another alphabet.",
       _steps(lambda p: [b"\xff" * 32, *p[1:]]), lambda text: text.replace("//", "__"))  # fmt: skip
_wrong("log_proof_with_two_blank_lines", "One too many.", respell=_line(EMPTY, lambda line: "\n"))
_wrong("log_proof_without_a_blank_line", "The path runs into the checkpoint.",
       respell=_respell(f"\n\n{LOG.name}", f"\n{LOG.name}"))  # fmt: skip
_wrong("log_proof_without_a_checkpoint", "Nothing that was signed.",
       respell=lambda text: text[: text.index(LOG.name)])  # fmt: skip
_wrong("log_proof_beyond_128_kib", "One byte too long, by a line of an unknown key.",
       respell=lambda text: _filled(text, LARGEST + 1))  # fmt: skip

# The checkpoint
_wrong("checkpoint_with_a_leading_zero", "011.", respell=_line(TREE_SIZE, lambda line: "011"),
       section="§13.2")  # fmt: skip
_wrong("checkpoint_with_a_size_beyond_2_53", "More than is a number here.",
       respell=_line(TREE_SIZE, lambda line: str(2**53)), section="§13.2")  # fmt: skip
_wrong("checkpoint_with_a_space", "Behind the size.",
       respell=_line(TREE_SIZE, lambda line: line + " "), section="§13.2")  # fmt: skip
_wrong("checkpoint_with_a_root_in_another_spelling", "Spare bits set.",
       respell=_line(ROOT_HASH, _alias), section="§13.2")  # fmt: skip
_wrong("checkpoint_with_a_root_of_33_bytes", "No hash.", _set(root=derive("root") + b"x"),
       section="§13.2")  # fmt: skip


def _with_extension(proof: Proof, entries: list[bytes]) -> None:
    lines = list(proof.lines)
    proof.lines = [lambda text: "", lambda text: ""]
    extended = proof.checkpoint + "of nobody's\n"
    proof.lines[0] = lambda text: "of nobody's\n\n" + "".join(line(extended) for line in lines)


_wrong("checkpoint_with_a_further_line", "A line that nobody could check, signed.",
       _with_extension, _respell("=\n\nof nobody", "=\nof nobody"), section="§13.2")  # fmt: skip
_wrong("checkpoint_of_another_origin", "The origin was changed, the log's line was not.",
       _set(origin=OTHER_LOG.name), section="§13.2")  # fmt: skip
_wrong("checkpoint_of_an_origin_with_a_space", "No name.",
       respell=_respell(LOG.name, "log example", 2), section="§13.2")  # fmt: skip
_wrong("checkpoint_without_signatures", "Nobody says so.",
       respell=lambda text: text[: text.index("— ")], section="§13.2")  # fmt: skip
_wrong("checkpoint_with_65_signatures", "Too many lines.",
       respell=lambda text: text + "— x AAAAAAA=\n" * 63, section="§13.2")  # fmt: skip
_wrong("checkpoint_signed_by_a_stranger", "Under the log's name and id.",
       _log_line(lambda text: LOG.spelled(STRANGER.sign(text.encode()))), section="§13.2")  # fmt: skip
_wrong("checkpoint_with_another_key_id", "Under the pinned origin, of no pinned key.",
       _log_line(lambda text: LOG.spelled(LOG.key.sign(text.encode()), b"\0\0\0\0")))  # fmt: skip
_wrong("checkpoint_of_another_key_of_this_name", "A stranger's log that calls itself by this name.",
       _log_line(Party(LOG.name, 1, STRANGER).line))  # fmt: skip
_wrong("checkpoint_signed_for_another_root", "The log's signature, of another checkpoint.",
       _log_line(lambda text: LOG.line(dataclasses.replace(
           Proof(0, [], SIZE, derive("root"))).checkpoint)), section="§13.2")  # fmt: skip
_wrong("checkpoint_signed_as_a_node", "Framed as what a braid key signs.",
       _log_line(lambda text: LOG.spelled(LOG.key.sign(pae("node", text.encode())))),
       section="§13.2")  # fmt: skip
_wrong("checkpoint_signed_twice_and_once_wrongly", "A right line and a wrong one.",
       _log_line(lambda text: LOG.line(text) + LOG.spelled(STRANGER.sign(text.encode()))))  # fmt: skip
_wrong("checkpoint_with_s_not_reduced", "S plus the group order.",
       _log_line(lambda text: LOG.spelled(_raised(LOG.key.sign(text.encode())))),
       section="§13.2")  # fmt: skip
_wrong("checkpoint_with_a_short_signature", "63 bytes.",
       _log_line(lambda text: LOG.spelled(LOG.key.sign(text.encode())[:-1])),
       section="§13.2")  # fmt: skip
_wrong("checkpoint_with_a_key_id_alone", "No signature behind it.",
       _log_line(lambda text: LOG.spelled(b"")), section="§13.2")  # fmt: skip
_wrong("checkpoint_line_in_another_spelling", "Spare bits set.",
       _log_line(lambda text: LOG.line(text)), _line(LOG_LINE, _alias), section="§13.2")  # fmt: skip
_wrong("checkpoint_line_with_a_hyphen", "For the dash.",
       respell=_line(LOG_LINE, lambda line: line.replace("—", "-")), section="§13.2")  # fmt: skip
_wrong("checkpoint_line_with_two_spaces", "One too many.",
       respell=_line(LOG_LINE, lambda line: line.replace("— ", "—  ")), section="§13.2")  # fmt: skip


# The witness
_wrong("cosignature_by_a_stranger", "Under the witness's name and id.",
       _witness_line(lambda text: WITNESS.spelled(_cosigned(text, STRANGER))), section="§13.3")  # fmt: skip
_wrong("cosignature_of_another_root", "What a witness said of a fork.",
       _witness_line(lambda text: WITNESS.line(Proof(0, [], SIZE, derive("fork")).checkpoint)),
       section="§13.3")  # fmt: skip
_wrong("cosignature_of_another_size", "What it said of the log before it grew.",
       _witness_line(lambda text: WITNESS.line(text.replace(f"\n{SIZE}\n", "\n9\n"))),
       section="§13.3")  # fmt: skip
_wrong("cosignature_at_another_time", "The time was changed.",
       _witness_line(lambda text: _moved(text, TIME - 86_400)), section="§13.3")  # fmt: skip
_wrong("cosignature_at_no_time", "1970 began at 1.", _witness_line(lambda text: WITNESS.line(text, 0)),
       section="§13.3")  # fmt: skip
_wrong("cosignature_after_the_year_9999", "A time that cannot be written.",
       _witness_line(lambda text: WITNESS.line(text, 253_402_300_800)), section="§13.3")  # fmt: skip
_wrong("cosignature_without_a_time", "Signed as a log signs.",
       _witness_line(lambda text: WITNESS.spelled(WITNESS.key.sign(text.encode()))),
       section="§13.3")  # fmt: skip
_wrong("cosignature_signed_as_a_checkpoint", "A time, and a signature that is not over it.",
       _witness_line(lambda text: WITNESS.spelled(
           TIME.to_bytes(8, "big") + WITNESS.key.sign(text.encode()))), section="§13.3")  # fmt: skip
_wrong("cosignature_one_byte_longer", "73 bytes.",
       _witness_line(lambda text: WITNESS.spelled(_cosigned(text) + b"\0")), section="§13.3")  # fmt: skip
_wrong("cosignature_repeated_and_once_wrong", "A right line and a wrong one.",
       _witness_line(lambda text: WITNESS.line(text) + WITNESS.spelled(_cosigned(text, STRANGER))),
       section="§13.3")  # fmt: skip


@failed("§13.4", "A wrong line of a pinned witness, below a checkpoint of a log that is not.", FAULT,
        pins=SEEN, logged="no", witnessed="no")  # fmt: skip
def cosignature_wrong_of_a_log_not_pinned(b: Braid) -> None:
    proof = proof_of(END_AT, log_of(b), OTHER_LOG)
    proof.lines.append(lambda text: WITNESS.spelled(_cosigned(text, STRANGER)))
    b.proofs = [*proofs(b, WITNESS), member("seal", proof)]


# The member
_wrong("log_proof_of_a_node", "Of what no log has.", also_member=lambda m: {**m, "of": "node"})
_wrong("log_proof_of_nothing", "No of.",
       also_member=lambda m: {name: m[name] for name in ("type", "proof")})  # fmt: skip
_wrong("log_proof_of_a_list", "of is no string.", also_member=lambda m: {**m, "of": ["seal"]})
_wrong("log_proof_without_a_proof", "No text.", also_member=lambda m: {"type": "log", "of": "seal"})
_wrong("log_proof_that_is_an_object", "The text is none.",
       also_member=lambda m: {**m, "proof": {"text": m["proof"]}})  # fmt: skip
_wrong("log_proof_with_an_unknown_member", "The members are closed.",
       also_member=lambda m: {**m, "note": "x"})  # fmt: skip
_wrong("log_proof_with_a_signature", "A member of other proofs.",
       also_member=lambda m: {**m, "s": standard(b"x" * 64)})  # fmt: skip


@failed("§13.4", "The last entry, said to stand behind itself: its path would fit.", FAULT, pins=SEEN,
        logged="no", witnessed="no")  # fmt: skip
def log_proof_of_the_last_entry_beyond_the_size(b: Braid) -> None:
    entries = log_of(b)[: END_AT + 1]
    proof = proof_of(END_AT, entries, LOG, WITNESS)
    proof.index = len(entries)
    b.proofs = [proofs(b, WITNESS)[0], member("seal", proof)]


@failed("§13.4", "The same proof twice.", FAULT, pins=SEEN, logged="no", witnessed="no")
def log_proof_repeated(b: Braid) -> None:
    made = proofs(b, WITNESS)
    b.proofs = [*made, made[1]]


@failed("§13.4", "Two proofs of one seal in one log, both true.", FAULT, pins=SEEN,
        logged="no", witnessed="no")  # fmt: skip
def log_proof_of_a_later_checkpoint_too(b: Braid) -> None:
    grown = [*log_of(b), stranger(99)]
    b.proofs = [*proofs(b, WITNESS), member("seal", proof_of(END_AT, grown, LOG, WITNESS))]


@failed("§13.4", "65 proofs, each true, of 65 logs.", FAULT, logged="not checked")
def log_proofs_of_65_logs(b: Braid) -> None:
    entries = [certificate_of(b)]
    key = Key("many logs")
    b.proofs = [
        member("certificate", proof_of(0, entries, Party(f"log.example/{number}", 1, key)))
        for number in range(65)
    ]


@failed("§13.4", "A log that shows one tree for the certificate and another for the seal.", FAULT,
        pins=ONE_LOG, logged="no")  # fmt: skip
def log_forked_in_one_transcript(b: Braid) -> None:
    entries = log_of(b)
    fork = [*entries[:-1], stranger(99)]
    b.proofs = [
        member("certificate", proof_of(CERTIFICATE_AT, entries)),
        member("seal", proof_of(END_AT, fork)),
    ]


@failed("§13.4", "A certificate that was logged after the seal.", FAULT, pins=SEEN,
        logged="no", witnessed="no")  # fmt: skip
def certificate_logged_after_the_seal(b: Braid) -> None:
    entries = log_of(b)
    entries[CERTIFICATE_AT], entries[END_AT] = entries[END_AT], entries[CERTIFICATE_AT]
    b.proofs = [
        member("certificate", proof_of(END_AT, entries, LOG, WITNESS)),
        member("seal", proof_of(CERTIFICATE_AT, entries, LOG, WITNESS)),
    ]


@failed("§13.4", "Seal and certificate said to stand at one place of a forked log.", FAULT,
        pins=ONE_LOG, logged="no")  # fmt: skip
def two_entries_at_one_index(b: Braid) -> None:
    entries = log_of(b)
    fork = [*entries[:CERTIFICATE_AT], entries[END_AT], stranger(98), stranger(99)]
    b.proofs = [
        member("certificate", proof_of(CERTIFICATE_AT, entries)),
        member("seal", proof_of(CERTIFICATE_AT, fork)),
    ]


@failed("§13.4", "A proof of a seal that was cut off.", FAULT, pins=SEEN, logged="no", sealed="no")
def log_proof_of_a_seal_that_is_not_there(b: Braid) -> None:
    b.proofs = proofs(b, WITNESS)
    opened(b)


@failed("§13.4", "A proof of a closure that was taken out.", FAULT, pins=SEEN, logged="no",
        closed="no")  # fmt: skip
def log_proof_of_a_closure_that_is_not_there(b: Braid) -> None:
    opened(b)
    entries = log_of(b, closure_of(b))
    b.proofs = [
        member("certificate", proof_of(CERTIFICATE_AT, entries, LOG, WITNESS)),
        member("closure", proof_of(END_AT, entries, LOG, WITNESS)),
    ]


@failed("§13.4", "A proof of a certificate that was taken out.", FAULT, pins=SEEN,
        logged="no", signer="no")  # fmt: skip
def log_proof_of_a_certificate_that_is_not_there(b: Braid) -> None:
    b.proofs = proofs(b, WITNESS)
    b.certified = False


@failed("§13.4", "The proofs of another braid of this root, each true of that.", FAULT, pins=SEEN,
        logged="no", witnessed="no")  # fmt: skip
def log_proofs_of_another_braid(b: Braid) -> None:
    b.proofs = proofs(short("other"), WITNESS)


@failed("§13.4", "A closure that is wrong, and a proof of it.", FAULT, pins=SEEN, logged="no",
        closed="no")  # fmt: skip
def log_proof_of_a_closure_that_does_not_hold(b: Braid) -> None:
    opened(b)
    said = closure(b, lambda fields: fields.update(count=fields["count"] + 1))
    entries = log_of(b, entry("closure", said["h"], said["s"]))
    b.proofs = [
        said,
        member("certificate", proof_of(CERTIFICATE_AT, entries, LOG, WITNESS)),
        member("closure", proof_of(END_AT, entries, LOG, WITNESS)),
    ]
