"""Cases of honesty: transcripts with less than everything, and the whole of what may be claimed of them.

Where the vectors ask whether a fault is found, these ask whether a report claims more than was
checked (SPEC §7.2): each lists every claim, under the roots and policy that it names.
"""

from __future__ import annotations

from typing import Any

from vectors.formulas import encode
from vectors.logs import ONE_LOG, SEEN, SEEN_TWICE
from vectors.table import TABLE, Pins
from vectors.tlog import OTHER_LOG, SECOND, WITNESS
from vectors.weaver import ROOT, Key

CLAIMS = (
    "signed", "signer", "context", "history", "sealed", "closed", "logged", "witnessed", "timestamped",
    "erased",
)  # fmt: skip
_ANSWERS = {"y": "yes", "n": "no", "-": "not checked"}
_EXITS = {"verified": 0, "failed": 1, "unreadable": 2, "unmet": 3}
OURS, THEIRS = encode(ROOT.public), encode(Key("stranger root").public)


def _case(
    name: str,
    comment: str,
    vector: str,
    result: str,
    answers: str,
    *,
    roots: tuple[str, ...] = (OURS,),
    require: tuple[str, ...] = (),
    unmet: tuple[str, ...] = (),
    allow_unknown_signer: bool = False,
    closed: str = "",
    outside: str = "--",
    pins: Pins | None = None,
) -> dict[str, Any]:
    """`answers` are those of signed to sealed, then of erased: y, n or - for not checked.

    `closed` is the answer of that claim, where it is another than that of `sealed`; `outside` those
    of logged and witnessed. Nothing in a file makes a verifier say that it is timestamped.
    """
    letters = answers[:5] + (closed or answers[4]) + outside + "-" + answers[5:]
    (made,) = [each for each in TABLE if each.name == vector]
    return {
        "name": name,
        "comment": comment,
        "file": f"transcripts/{made.file}",
        "statements": made.statements,
        "roots": list(roots),
        **(pins or {}),
        "require": list(require),
        "allow_unknown_signer": allow_unknown_signer,
        "result": result,
        "exit_code": _EXITS[result],
        "unmet": list(unmet),
        "claims": dict(zip(CLAIMS, map(_ANSWERS.__getitem__, letters), strict=True)),
    }


def honesty() -> list[dict[str, Any]]:
    """Make every case."""
    return [
        _case("everything-there-is", "Sealed, certified, pinned: still no outside party.",
              "sealed", "verified", "yyyyyn"),
        # Who signed
        _case("no-root-pinned", "A certificate by who knows whom.",
              "sealed", "unmet", "y-yyyn", roots=(), unmet=("signer",)),
        _case("another-root-pinned", "A certificate by another than those trusted.",
              "sealed", "unmet", "ynyyyn", roots=(THEIRS,), unmet=("signer",)),
        _case("unknown-signer-allowed", "Not asking who signed does not answer it.",
              "sealed", "verified", "y-yyyn", roots=(), allow_unknown_signer=True),
        _case("another-signer-allowed", "Nor does it make a stranger's root a pinned one.",
              "sealed", "verified", "ynyyyn", roots=(THEIRS,), allow_unknown_signer=True),
        _case("no-certificate", "A key that anyone could have made.",
              "certificate-taken-out", "unmet", "ynyyyn", unmet=("signer",)),
        _case("no-certificate-and-none-asked-for", "The same, where nobody asks who signed.",
              "certificate-taken-out", "verified", "ynyyyn", allow_unknown_signer=True),
        _case("signed-anew-by-a-stranger", "Intact in every way, and not by whom it was.",
              "resigned-under-another-root", "unmet", "ynyyyn", unmet=("signer",)),
        _case("certificate-out-of-date", "A pinned root, but not for that time.",
              "certificate-expired", "failed", "ynyyyn", unmet=("signer",)),
        _case("certificate-forged", "The nodes are as signed, whoever signed them.",
              "changed-certificate-issuer", "failed", "ynyyyn", unmet=("signer",)),
        _case("handed-over", "Pinned is the root before the one that certified.",
              "rotated-once", "verified", "yyyyyn"),
        _case("handed-over-apart", "The same, said in a file of its own.",
              "rotated-apart", "verified", "yyyyyn"),
        _case("handed-over-by-a-root-that-was-stolen", "To whom a thief hands over is not trusted.",
              "rotation-by-a-root-that-was-stolen", "unmet", "ynyyyn", unmet=("signer",)),
        _case("revoked", "The nodes are as signed, by whoever has the key now.",
              "revoked-root-by-itself", "failed", "ynyyyn", unmet=("signer",)),
        _case("revoked-apart", "The same, where only the verifier knows.",
              "revoked-apart-braid", "failed", "ynyyyn", unmet=("signer",)),
        _case("revoked-and-any-signer-allowed", "Not asking who signed does not undo it.",
              "revoked-braid", "failed", "ynyyyn", allow_unknown_signer=True),
        _case("retired", "A root that ended after it certified.",
              "root-retired-later", "verified", "yyyyyn"),
        # Where it ends
        _case("open", "Its last nodes could be missing.",
              "open-braid", "verified", "yyyynn"),
        _case("open-and-a-seal-asked-for", "The same, by someone who needs to know.",
              "open-braid", "unmet", "yyyynn", require=("sealed",), unmet=("sealed",)),
        _case("seal-cut-off", "What was sealed reads as open once its seal is gone.",
              "cut-off-seal", "unmet", "yyyynn", require=("sealed",), unmet=("sealed",)),
        _case("turn-cut-off", "Nothing says that a turn is missing; nothing says that none is.",
              "cut-off-turn", "verified", "yyyynn"),
        _case("answer-cut-off", "A call without an end.",
              "cut-off-answer", "verified", "yyyynn"),
        _case("nothing-but-the-genesis", "No call: nothing about contexts or history.",
              "cut-off-all-but-the-genesis", "verified", "yy--nn"),
        _case("closed-by-its-root", "Nothing is missing, says the root; the braid key does not.",
              "closed-by-its-root", "unmet", "yyyynn", closed="y", require=("sealed", "closed"),
              unmet=("sealed",)),
        _case("closed-by-an-heir", "The root after the one that certified says it.",
              "closed-by-an-heir", "verified", "yyyynn", closed="y", require=("closed",)),
        _case("closed-by-an-heir-that-was-stolen", "What a thief could have said is not said.",
              "closed-by-an-heir-that-was-stolen", "unmet", "yyyynn", require=("closed",),
              unmet=("closed",)),
        _case("closed-and-cut", "What the root counted is no longer there.",
              "closure-of-more-nodes", "failed", "yyyynn", require=("closed",), unmet=("closed",)),
        _case("open-and-a-closure-asked-for", "Neither a seal nor a closure.",
              "open-braid", "unmet", "yyyynn", require=("closed",), unmet=("closed",)),
        # Outside parties
        _case("unlogged", "Sealed is not logged.",
              "sealed", "unmet", "yyyyyn", require=("logged",), unmet=("logged",)),
        _case("unwitnessed", "Nor witnessed.",
              "sealed", "unmet", "yyyyyn", require=("witnessed",), unmet=("witnessed",)),
        _case("untimestamped", "Times are the signer's claim.",
              "sealed", "unmet", "yyyyyn", require=("timestamped",), unmet=("timestamped",)),
        _case("unknown-proof", "A proof that was not checked is no proof.",
              "unknown-proof", "unmet", "yyyyyn", require=("logged", "witnessed"),
              unmet=("logged", "witnessed")),
        _case("nothing-logged", "A log is pinned, and nothing says that it holds this.",
              "sealed", "unmet", "yyyyyn", require=("logged",), unmet=("logged",), outside="nn", pins=SEEN),
        _case("logged", "Its log holds it; nobody says that all are shown the same log.",
              "logged", "verified", "yyyyyn", require=("logged",), outside="y-", pins=ONE_LOG),
        _case("logged-and-a-witness-asked-for", "The same, by someone who wants a witness.",
              "logged", "unmet", "yyyyyn", require=("logged", "witnessed"), unmet=("witnessed",),
              outside="yn", pins=SEEN),
        _case("witnessed", "A pinned witness saw the log that holds it.",
              "logged-and-witnessed", "verified", "yyyyyn", require=("logged", "witnessed"),
              outside="yy", pins=SEEN),
        _case("log-not-pinned", "A log that nobody here knows could be anybody's.",
              "logged-and-witnessed", "unmet", "yyyyyn", require=("logged",), unmet=("logged",)),
        _case("another-log-pinned", "A log is pinned, and it is not this one.",
              "logged-and-witnessed", "unmet", "yyyyyn", require=("logged", "witnessed"),
              unmet=("logged", "witnessed"), outside="nn",
              pins={"logs": [OTHER_LOG.vkey], "witnesses": [WITNESS.vkey]}),
        _case("witness-not-pinned", "A witness that nobody here knows could be the log itself.",
              "logged-and-witnessed", "unmet", "yyyyyn", require=("witnessed",), unmet=("witnessed",),
              outside="y-", pins=ONE_LOG),
        _case("another-witness-pinned", "A witness is pinned, and another one cosigned.",
              "logged-and-witnessed", "unmet", "yyyyyn", require=("witnessed",), unmet=("witnessed",),
              outside="yn", pins={**ONE_LOG, "witnesses": [SECOND.vkey]}),
        _case("witness-pinned-and-no-log", "A witness vouches for a log, which nobody here knows.",
              "logged-and-witnessed", "unmet", "yyyyyn", require=("witnessed",), unmet=("witnessed",),
              pins={"witnesses": [WITNESS.vkey]}),
        _case("two-witnesses-asked-for", "One is one, however often it cosigned.",
              "witnessed-repeatedly", "unmet", "yyyyyn", require=("witnessed",), unmet=("witnessed",),
              outside="yn", pins=SEEN_TWICE),
        _case("two-witnesses", "Two keys, two witnesses.",
              "witnessed-by-two", "verified", "yyyyyn", require=("witnessed",), outside="yy",
              pins=SEEN_TWICE),
        _case("certificate-not-logged", "Where it ends is logged, that it began is not.",
              "logged-without-the-certificate", "verified", "yyyyyn", outside="nn", pins=SEEN),
        _case("seal-not-logged", "That it began is logged, where it ends is not: another end may be.",
              "logged-without-the-seal", "verified", "yyyyyn", outside="nn", pins=SEEN),
        _case("open-and-logged", "All there is is logged; its last nodes could be missing all the same.",
              "logged-and-open", "unmet", "yyyynn", require=("sealed", "witnessed"), unmet=("sealed",),
              outside="yy", pins=SEEN),
        _case("proof-wrong", "One wrong proof, and none counts.",
              "cosignature-of-another-root", "failed", "yyyyyn", require=("logged",), unmet=("logged",),
              outside="nn", pins=SEEN),
        _case("proof-wrong-and-nothing-pinned", "What needs no key is found without one.",
              "log-proof-with-a-bit-changed", "failed", "yyyyyn"),
        _case("log-forked", "A log that shows two trees in one file.",
              "log-forked-in-one-transcript", "failed", "yyyyyn", outside="n-", pins=ONE_LOG),
        _case("unsigned-and-logged", "A log of nodes that are not as signed says nothing.",
              "content-changed", "failed", "ny---n", pins=SEEN),
        # Words
        _case("erased", "Some words are gone, and everything else is as signed.",
              "all-words-erased", "verified", "yyyyyy"),
        _case("erased-and-all-asked-for", "The same, by someone who needs every word.",
              "all-words-erased", "unmet", "yyyyyy", require=("unerased",), unmet=("unerased",)),
        # What the model saw, and what the client sent back
        _case("partial", "The model saw something that was not recorded.",
              "partial-context", "unmet", "yynyyn", require=("context",), unmet=("context",)),
        _case("foreign-history", "A client's words where a model's should stand.",
              "history-foreign", "verified", "yyynyn"),
        _case("foreign-history-and-none-allowed", "The same, by someone who cares.",
              "history-foreign", "unmet", "yyynyn", require=("history",), unmet=("history",)),
        _case("history-of-a-later-version", "A finding nobody here knows does not pass as none.",
              "history-of-a-later-version", "verified", "yyynyn"),
        _case("assistant-from-the-client", "Few-shot words: a client's, and not held against it.",
              "assistant-text-from-the-client", "verified", "yyyyyn"),
        _case("imported", "No call was recorded: nothing about contexts or history.",
              "imported-conversation", "unmet", "yy--yn", require=("context", "history"),
              unmet=("context", "history")),
        # Faults: nothing that rests on the nodes is claimed of nodes that are not as signed
        _case("words-changed", "One letter takes every claim about the nodes with it.",
              "content-changed", "failed", "ny---n"),
        _case("node-dropped", "So does one node.",
              "node-removed", "failed", "ny---n"),
        _case("signature-broken", "And one bit.",
              "signature-bit-flipped", "failed", "ny---n"),
        _case("member-unknown", "And what no rule names.",
              "unknown-member-in-a-node", "failed", "ny---n"),
        _case("open-and-words-changed", "A node that cannot be read may have been a seal.",
              "transplanted-at-the-end", "failed", "ny---n"),
        _case("context-wrong", "A call that says something false: only of calls nothing is claimed.",
              "context-to-another-value", "failed", "yyn-yn"),
        _case("context-wrong-beside-history", "One call accuses, another cannot be read.",
              "context-wrong-beside-history", "failed", "yynnyn"),
        _case("call-without-an-end", "Sealed implies one end a call.",
              "sealed-without-an-end", "failed", "yyyynn"),
        _case("seal-wrong", "A seal that seals something else.",
              "seal-tree-wrong", "failed", "yyyynn"),
        _case("branch-hidden", "A seal that leaves something out.",
              "hidden-branch", "failed", "yyyynn"),
        _case("key-unusable", "Under such a key everything is signed, and nothing.",
              "braid-key-of-small-order", "failed", "nn---n", unmet=("signer",)),
        _case("unreadable", "Of what could not be read nothing is claimed at all.",
              "json-lines-cut", "unreadable", "------", unmet=("signer",)),
        _case("unreadable-and-more-asked-for", "Whatever is asked.",
              "invalid-utf8", "unreadable", "------", require=("sealed", "unerased"),
              unmet=("signer", "sealed", "unerased")),
    ]  # fmt: skip
