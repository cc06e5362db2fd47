"""Honest braids verify, and their reports say what was shown and what was not."""

from __future__ import annotations

import pytest

from braid.node import Kind, Link, Origin, Relation
from braid.transcript import Layout
from braid_verifier import Answer, ClaimName, NotVerified, Policy, Report, Result, Severity, verify
from fakes.braids import Braid, conversation, sealed_conversation

UNKNOWN_ALLOWED = Policy(allow_unknown_signer=True)


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


def answers(report: Report) -> dict[str, str]:
    return {str(name): str(claim.answer) for name, claim in report.claims.items()}


@pytest.mark.parametrize("layout", Layout)
def test_a_sealed_conversation_under_a_pinned_root_verifies(layout: Layout) -> None:
    braid = sealed_conversation()
    report = verify(braid.transcript(layout), roots=[braid.pin])
    assert report.result is Result.VERIFIED
    assert report.exit_code == 0
    assert report.unmet == ()
    report.require()
    assert answers(report) == {
        "signed": "yes",
        "signer": "yes",
        "context": "yes",
        "history": "yes",
        "sealed": "yes",
        "closed": "yes",
        "logged": "not checked",
        "witnessed": "not checked",
        "timestamped": "not checked",
        "erased": "no",
    }
    assert set(codes(report)) == {"history.continued"}
    assert (report.braid, report.root, report.issuer) == (braid.braid, braid.pin, "tests")


def test_counts_say_how_much_was_seen() -> None:
    braid = conversation()
    braid.prompt("And tomorrow?")
    braid.call()
    counts = verify(braid.transcript()).counts
    assert counts.nodes == len(braid.nodes) == 22
    assert (counts.calls, counts.pending, counts.erased) == (4, 1, 0)
    assert counts.kinds == {
        "call": 4,
        "end": 3,
        "params": 4,
        "prompt": 3,
        "system": 1,
        "text": 3,
        "thinking": 1,
        "tool_result": 1,
        "tool_use": 1,
        "tools": 1,
    }


def test_an_open_braid_verifies_and_says_it_is_open() -> None:
    braid = conversation()
    report = verify(braid.transcript(), roots=[braid.pin])
    assert report.result is Result.VERIFIED
    assert "N_OPEN" in codes(report)
    assert report.claims[ClaimName.SEALED].answer is Answer.NO
    assert "open" in report.claims[ClaimName.SEALED].reason


def test_removing_the_last_nodes_of_an_open_braid_is_not_found_and_of_a_sealed_one_is() -> None:
    braid = conversation()
    for _ in range(5):
        braid.nodes.pop()
    assert verify(braid.transcript(), roots=[braid.pin]).result is Result.VERIFIED
    braid = sealed_conversation()
    braid.nodes.pop(-2)
    assert verify(braid.transcript(), roots=[braid.pin]).result is Result.FAILED


def test_a_pending_call_of_an_open_braid_is_a_note() -> None:
    braid = conversation()
    braid.prompt("And tomorrow?")
    call = braid.call()
    report = verify(braid.transcript(), roots=[braid.pin])
    assert report.result is Result.VERIFIED
    pending = [finding for finding in report.findings if finding.code == "N_PENDING"]
    assert [(finding.node, finding.signature) for finding in pending] == [(braid.at(call), call)]


def test_erased_words_leave_a_braid_that_verifies() -> None:
    braid = sealed_conversation()
    braid.erase(braid.nodes[2].s)
    braid.erase(braid.nodes[5].s)
    report = verify(braid.transcript(), roots=[braid.pin])
    assert report.result is Result.VERIFIED
    assert report.counts.erased == 2
    assert report.claims[ClaimName.ERASED].answer is Answer.YES
    assert "W_BSALT" not in codes(report)
    erased = [finding.node for finding in report.findings if finding.code == "N_ERASED"]
    assert erased == [2, 5]
    strict = verify(braid.transcript(), Policy(require={"unerased"}), roots=[braid.pin])
    assert strict.result is Result.UNMET and strict.unmet == ("unerased",)


def test_parallel_results_more_than_64_tails_and_checkpoints_verify() -> None:
    braid = Braid()
    genesis = braid.prompt("Try a hundred times.")
    call = braid.call()
    tails = [
        braid.add(Kind.TEXT, Origin.PROVIDER, b"candidate %d" % number, prev=(call,))
        for number in range(100)
    ]
    gathered = [braid.checkpoint(tails[:64]), braid.checkpoint(tails[64:])]
    braid.end(prev=gathered)
    braid.add(Kind.FLAG, Origin.PROXY, b"seen", prev=(genesis,), about=(tails[0],))
    braid.seal()
    report = verify(braid.transcript(), roots=[braid.pin])
    assert report.result is Result.VERIFIED, report.summary()
    assert report.claims[ClaimName.SEALED].answer is Answer.YES
    assert "N_FLAG" in codes(report)


def test_concurrent_calls_are_strands_of_one_braid() -> None:
    braid = Braid()
    braid.system("You are terse.")
    braid.prompt("Question.")
    first = braid.call()
    second = braid.add(
        Kind.CALL,
        Origin.PROXY,
        braid.nodes[braid.at(first)].opened.content,  # type: ignore[union-attr]
        prev=(braid.nodes[1].s,),
        media="application/json",
        about=(first,),
    )
    one = braid.add(Kind.TEXT, Origin.PROVIDER, b"one", prev=(first,))
    two = braid.add(Kind.TEXT, Origin.PROVIDER, b"two", prev=(second,))
    braid.end(prev=(two,))
    braid.end(prev=(one,))
    braid.seal()
    report = verify(braid.transcript(), roots=[braid.pin])
    assert report.result is Result.VERIFIED, report.summary()
    assert report.counts.calls == 2


def test_a_server_tool_result_that_follows_its_use_directly_is_no_warning() -> None:
    braid = Braid()
    braid.prompt("Search.")
    braid.call()
    use = braid.tool_use("web_search", {"q": "weather"})
    braid.add(Kind.TOOL_RESULT, Origin.PROVIDER, b"found", prev=(use,))
    braid.end()
    report = verify(braid.transcript(), roots=[braid.pin])
    assert report.result is Result.VERIFIED
    assert "W_PAIR" not in codes(report)


def test_links_and_proofs_are_named_as_not_checked() -> None:
    braid = Braid()
    other = conversation("other")
    link = Link(other.braid, other.nodes[-1].s, Relation.CONTINUES)
    braid.add(Kind.PROMPT, Origin.CLIENT, b"Hello.", link=(link,))
    braid.proofs = [{"type": "seal", "h": "", "s": ""}, {"type": "stamp"}]
    report = verify(braid.transcript(), roots=[braid.pin])
    assert report.result is Result.VERIFIED
    assert codes(report).count("N_LINK") == 1
    assert codes(report).count("N_PROOF") == 2
    for name in (ClaimName.LOGGED, ClaimName.WITNESSED, ClaimName.TIMESTAMPED):
        assert report.claims[name].answer is Answer.NOT_CHECKED


def test_without_a_call_context_and_history_are_not_checked() -> None:
    braid = Braid()
    braid.prompt("Hello.")
    claims = verify(braid.transcript()).claims
    assert claims[ClaimName.CONTEXT].answer is Answer.NOT_CHECKED
    assert claims[ClaimName.HISTORY].answer is Answer.NOT_CHECKED


def test_history_that_accuses_is_a_warning_and_ordinary_history_a_note() -> None:
    braid = Braid()
    braid.prompt("Hello.")
    braid.call(history=("elided", "copied", "continued", "elided"))
    braid.end()
    report = verify(braid.transcript(), roots=[braid.pin])
    assert report.claims[ClaimName.HISTORY].answer is Answer.YES
    assert {finding.severity for finding in report.findings} == {Severity.NOTE}
    assert codes(report).count("history.elided") == 2
    braid.prompt("More.")
    braid.call(history=("tool_reworded", "a_word_of_a_later_version"))
    braid.end()
    report = verify(braid.transcript(), roots=[braid.pin])
    assert report.result is Result.VERIFIED
    assert report.claims[ClaimName.HISTORY].answer is Answer.NO
    warned = [f.code for f in report.findings if f.severity is Severity.WARNING]
    assert warned == ["history.tool_reworded", "history.a_word_of_a_later_version"]


def test_a_partial_context_is_no_whole_context() -> None:
    braid = Braid()
    braid.prompt("Read the file I stored.")
    braid.call(partial=True)
    braid.end()
    report = verify(braid.transcript(), roots=[braid.pin])
    assert report.result is Result.VERIFIED
    assert report.claims[ClaimName.CONTEXT].answer is Answer.NO
    assert "N_PARTIAL" in codes(report)


def test_a_braid_without_certificate_is_intact_of_unknown_signer() -> None:
    braid = conversation()
    braid.certificate = None
    report = verify(braid.transcript(), roots=[braid.pin])
    assert report.result is Result.UNMET
    assert report.exit_code == 3
    assert report.unmet == (ClaimName.SIGNER,)
    assert report.claims[ClaimName.SIGNER].answer is Answer.NO
    assert "N_NO_CERTIFICATE" in codes(report)
    assert (report.root, report.issuer) == (None, None)
    with pytest.raises(NotVerified, match="unmet: signer"):
        report.require()
    assert verify(braid.transcript(), UNKNOWN_ALLOWED).result is Result.VERIFIED


def test_the_signer_is_known_only_by_a_pinned_root() -> None:
    braid = conversation()
    nobody = verify(braid.transcript())
    assert nobody.result is Result.UNMET
    assert nobody.claims[ClaimName.SIGNER].answer is Answer.NOT_CHECKED
    other = verify(braid.transcript(), roots=[braid.braid])
    assert other.result is Result.UNMET
    assert other.claims[ClaimName.SIGNER].answer is Answer.NO
    assert (
        nobody.findings == other.findings == verify(braid.transcript(), roots=[braid.pin]).findings
    )


def test_what_the_policy_requires_and_the_braid_has_not_is_unmet() -> None:
    braid = conversation()
    policy = Policy(require=frozenset({ClaimName.SEALED, ClaimName.LOGGED, ClaimName.CONTEXT}))
    report = verify(braid.transcript(), policy, [braid.pin])
    assert report.result is Result.UNMET
    assert report.unmet == (ClaimName.SEALED, ClaimName.LOGGED)
    braid.seal()
    sealed = Policy(require=frozenset({ClaimName.SEALED}))
    assert verify(braid.transcript(), sealed, [braid.pin]).result is Result.VERIFIED


def test_a_failure_outweighs_a_policy_that_is_not_met() -> None:
    braid = conversation()
    braid.nodes.pop(3)
    report = verify(braid.transcript())
    assert report.result is Result.FAILED
    assert report.unmet == (ClaimName.SIGNER,)
