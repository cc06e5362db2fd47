"""No report claims more than was checked, in either verifier, in values or in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from braid_clients.verdict import verdict
from braid_verifier import UNERASED, Answer, ClaimName, Report, Result
from conformance.agreement import pins_of, report_under
from conformance.second_verifier import SecondVerifier

HERE = Path(__file__).resolve().parent.parent / "vectors"
CASES: list[dict[str, Any]] = json.loads((HERE / "honesty.json").read_text("utf-8"))
INDEX: dict[str, Any] = json.loads((HERE / "index.json").read_text("utf-8"))
each_case = pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
each_vector = pytest.mark.parametrize(
    "vector", INDEX["vectors"], ids=[vector["name"] for vector in INDEX["vectors"]]
)


def judged(case: dict[str, Any]) -> Report:
    raw = (HERE / case["file"]).read_bytes()
    asked = {"require": frozenset(case["require"])}
    asked["allow_unknown_signer"] = case["allow_unknown_signer"]
    return report_under(raw, case["roots"], pins_of(case), **asked)


def outcome(report: dict[str, Any]) -> dict[str, Any]:
    claims = {name: claim["answer"] for name, claim in report["claims"].items()}
    return {name: report[name] for name in ("result", "exit_code", "unmet")} | {"claims": claims}


@each_case
def test_a_report_claims_what_was_checked_and_no_more(case: dict[str, Any]) -> None:
    assert outcome(judged(case).to_json()).items() <= case.items()


@pytest.fixture(scope="module")
def second() -> Iterator[SecondVerifier]:
    with SecondVerifier() as process:
        yield process


@each_case
def test_the_second_verifier_claims_the_same(second: SecondVerifier, case: dict[str, Any]) -> None:
    raw = (HERE / case["file"]).read_bytes()
    asked = {"require": case["require"], "allowUnknownSigner": case["allow_unknown_signer"]}
    asked |= {"roots": case["roots"], **pins_of(case)}
    assert outcome(second.ask("verify", raw, **asked)).items() <= case.items()


def test_every_claim_is_seen_with_every_answer_it_can_have() -> None:
    seen = {(name, answer) for case in CASES for name, answer in case["claims"].items()}
    both = {(str(name), str(answer)) for name in ClaimName for answer in Answer}
    never = {("erased", "not checked"), ("signed", "not checked")}  # but in unreadable files
    # Authorities are pinned in tests/verifier/test_timestamps.py and clients/test_timestamp_command.py.
    never |= {("timestamped", answer) for answer in ("yes", "no")}
    assert both - seen <= never and seen >= both - never


# Failures after which the nodes are not known to be as they were signed (SPEC §7.2).
_NODES = {1, 2, 3, 5, 6, 7, 8, 9, 10}


def may_say_yes(report: Report, roots: list[str], pins: dict[str, Any]) -> set[ClaimName]:
    """Give the claims that what was found allows, by SPEC §7.2 read anew from the findings."""
    if report.result is Result.UNREADABLE:
        return set()
    found = report.findings
    codes = {finding.code for finding in found}
    failed = {
        int(finding.check)
        for finding in found
        if finding.severity == "failure" and finding.code != "E_CERT_TIME"
    }
    may = set(ClaimName) - {ClaimName.TIMESTAMPED}
    # What there is to log, and where it is said to stand, by the report's own list.
    there = {"certificate"} | ({"seal"} if "seal" in report.counts.kinds else set())
    there |= {"closure"} if "N_CLOSED" in codes else set()
    pinned = [each for each in report.logs if each.log in pins.get("logs", [])]
    if failed & {14} or not there <= {each.of for each in pinned}:
        may -= {ClaimName.LOGGED, ClaimName.WITNESSED}
    keys = {vkey: vkey.rpartition("+")[2] for vkey in pins.get("witnesses", [])}
    seen = {
        each.of
        for each in pinned
        if len({keys[one.witness] for one in each.cosignatures}) >= pins.get("quorum", 1)
    }
    if not there <= seen:
        may -= {ClaimName.WITNESSED}
    rotated = "N_ROTATED" in codes or '"type":"rotation"' in "".join(pins.get("statements", []))
    trusted = report.root in roots or (roots and rotated)
    if not trusted or 4 in failed or codes & {"E_CERT_TIME", "E_REVOKED", "N_NO_CERTIFICATE"}:
        may -= {ClaimName.SIGNER}
    unusable = any(f.code == "E_KEY" and f.message.startswith("braid:") for f in found)
    if failed & _NODES or unusable:
        may -= {ClaimName.SIGNED, ClaimName.CONTEXT, ClaimName.HISTORY, ClaimName.SEALED}
        may -= {ClaimName.LOGGED, ClaimName.WITNESSED}
    if 11 in failed or not report.counts.calls:
        may -= {ClaimName.CONTEXT, ClaimName.HISTORY}
    if "N_PARTIAL" in codes:
        may -= {ClaimName.CONTEXT}
    if any(
        finding.code.startswith("history.") and finding.severity == "warning" for finding in found
    ):
        may -= {ClaimName.HISTORY}
    if 13 in failed or "N_OPEN" in codes or report.counts.pending:
        may -= {ClaimName.SEALED}
    assert ("E_REVOKED" in codes) is (15 in failed)
    unended = report.counts.pending and "N_CLOSED" not in codes
    if failed & (_NODES | {13}) or unusable or "N_OPEN" in codes or unended:
        may -= {ClaimName.CLOSED}
    if not {"N_ERASED", "E_ERASED"} & codes:
        may -= {ClaimName.ERASED}
    return may


@each_vector
@pytest.mark.parametrize("pinned", [True, False])
def test_of_no_vector_more_is_claimed_than_its_findings_allow(
    vector: dict[str, Any], pinned: bool
) -> None:
    roots = [INDEX["root"]] if pinned else []
    pins = pins_of(vector)
    if not pinned:
        pins = {"statements": pins.get("statements", [])}
    for unknown in (False, True):
        raw = (HERE / vector["file"]).read_bytes()
        report = report_under(raw, roots, pins, allow_unknown_signer=unknown)
        said = {name for name, claim in report.claims.items() if claim.answer is Answer.YES}
        # The root is named where the certificate is not even valid for these nodes.
        may = may_say_yes(report, roots, pins)
        assert said <= may
        if ClaimName.ERASED in may:  # the one claim that must not be withheld
            assert ClaimName.ERASED in said


@each_vector
def test_what_people_read_names_every_limit_beside_every_pass(vector: dict[str, Any]) -> None:
    raw = (HERE / vector["file"]).read_bytes()
    report = report_under(raw, [INDEX["root"]], pins_of(vector))
    sections: dict[str, list[str]] = {}
    title = ""
    for line in [line.plain for line in verdict("file", report, ())][1:]:
        title = line[2:13].strip() or title
        sections.setdefault(title, []).append(line[14:])
    if report.result is Result.UNREADABLE:
        assert "proven" not in sections
        return
    proven = {line.split(":")[0] for line in sections.get("proven", [])}
    limits = {name for line in sections["not proven"] for name in line.split(":")[0].split(", ")}
    for name, claim in report.claims.items():
        if name is not ClaimName.ERASED:
            assert (name in proven) is (claim.answer is Answer.YES)
            assert (name in limits) is (claim.answer is not Answer.YES)
    assert (ClaimName.ERASED in limits) is (report.claims[ClaimName.ERASED].answer is Answer.YES)
    trusted = report.claims[ClaimName.SIGNER].answer is Answer.YES
    assert any("stolen since" in line for line in sections["not proven"]) is trusted
    assert any("could invent, or leave out" in line for line in sections["not proven"])
    if report.claims[ClaimName.SEALED].answer is Answer.YES:
        assert any("another version" in line for line in sections["not proven"])
    assert len(sections["not proven"]) <= 8  # short enough to be read


def test_unerased_is_asked_in_the_words_of_the_policy() -> None:
    assert any(UNERASED in case["unmet"] for case in CASES)
