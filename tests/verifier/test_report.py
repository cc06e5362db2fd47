"""A report cannot be mistaken for a yes, and its JSON is what the published schema says."""

from __future__ import annotations

import importlib.resources
import json
import subprocess
import sys
from typing import Any

import pytest

from braid.errors import BraidError
from braid.node import Kind
from braid.statements import Statements
from braid_verifier import Answer, NotVerified, Policy, Report, Result, verify
from braid_verifier.findings import MAX_FINDINGS, Check, Findings
from fakes.braids import conversation, sealed_conversation

jsonschema = pytest.importorskip("jsonschema")


def reports() -> dict[str, Report]:
    sealed, broken, bare = sealed_conversation(), sealed_conversation(), conversation()
    broken.nodes.pop(4)
    broken.erase(broken.nodes[6].s, keep_bsalt=True)
    bare.certificate = None
    return {
        "verified": verify(sealed.transcript(), roots=[sealed.pin]),
        "unmet": verify(bare.transcript()),
        "failed": verify(broken.transcript(), roots=[broken.pin]),
        "unreadable": verify(sealed.transcript()[:-9]),
        "empty": verify(b""),
    }


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = importlib.resources.files("braid_verifier") / "report.schema.json"
    loaded = json.loads(schema.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(loaded)
    return jsonschema.Draft202012Validator(loaded)


@pytest.mark.parametrize(("name", "report"), reports().items(), ids=reports())
def test_the_json_of_a_report_is_what_the_schema_says(
    name: str, report: Report, validator: Any
) -> None:
    value = json.loads(json.dumps(report.to_json()))
    assert [str(fault.message) for fault in validator.iter_errors(value)] == []
    assert value["format"] == "braid-report/1"
    assert value["result"] == str(report.result)
    assert len(value["findings"]) == len(report.findings)
    value["more"] = 1
    del value["claims"]["signed"]
    assert len(list(validator.iter_errors(value))) == 2


def test_a_report_and_a_claim_are_neither_true_nor_false() -> None:
    report = reports()["verified"]
    with pytest.raises(TypeError, match="not true or false"):
        bool(report)
    with pytest.raises(TypeError, match="not true or false"):
        assert report.claims[next(iter(report.claims))]


def test_a_report_is_one_short_line_in_a_prompt() -> None:
    for report in reports().values():
        shown = repr(report)
        assert shown.startswith(f"<Report {report.result}") and len(shown) < 300
    assert repr(Statements()) == "<Statements rotations=0 revocations=0>"


def test_a_report_does_not_change() -> None:
    report = reports()["verified"]
    changes: Any = report
    with pytest.raises(AttributeError):
        changes.result = Result.FAILED
    with pytest.raises(TypeError):
        changes.claims["signed"] = None
    with pytest.raises(TypeError):
        changes.counts.kinds["text"] = 0


@pytest.mark.parametrize(
    ("name", "code"),
    [("verified", 0), ("failed", 1), ("unreadable", 2), ("empty", 2), ("unmet", 3)],
)
def test_exit_codes_follow_the_result(name: str, code: int) -> None:
    assert reports()[name].exit_code == code


@pytest.mark.parametrize("name", ["failed", "unreadable", "empty", "unmet"])
def test_require_raises_for_all_but_verified(name: str) -> None:
    report = reports()[name]
    with pytest.raises(NotVerified) as refusal:
        report.require()
    assert refusal.value.report is report
    assert isinstance(refusal.value, BraidError)
    assert str(refusal.value) == report.summary()
    assert str(report.result) in report.summary()


def test_the_summary_names_the_first_failure_and_its_node() -> None:
    assert reports()["failed"].summary().startswith("failed: E_SEQ: node 4: ")


def test_nothing_is_claimed_of_a_file_that_cannot_be_read() -> None:
    for name in ("unreadable", "empty"):
        claims = reports()[name].claims.values()
        assert {claim.answer for claim in claims} == {Answer.NOT_CHECKED}
        assert all(claim.reason for claim in claims)


def test_what_made_a_file_unreadable_stands_first() -> None:
    braid = conversation()
    raw = braid.transcript().replace(b"It is four", b"It is five")
    report = verify(raw[:-6])
    assert report.result is Result.UNREADABLE
    first, *others = report.findings
    assert (first.code, first.node) == ("E_JSON", None)
    assert "E_COMMIT" in {finding.code for finding in others}


def test_each_class_keeps_its_first_findings_and_counts_the_rest() -> None:
    findings = Findings()
    for node in range(MAX_FINDINGS + 7):
        findings.fail(Check.PREVIOUS, "E_PREV", "prev", node)
    findings.fail(Check.SIGNATURE, "E_SIG", "s", MAX_FINDINGS + 1)
    listed = findings.listed()
    assert listed[0].code == "E_SIG"
    assert len(listed) == MAX_FINDINGS + 1
    assert findings.omitted == 7
    assert findings.failures == MAX_FINDINGS + 8


def test_failures_come_by_class_then_by_position_then_warnings_then_notes() -> None:
    findings = Findings()
    findings.note("N_OPEN", "open")
    findings.warn("W_TIME", "time", 1, "")
    findings.fail(Check.PAIRING, "E_PAIR", "prev", 9)
    findings.fail(Check.PAIRING, "E_PAIR", "prev", 3)
    findings.fail(Check.CONTENT, "E_ATTRS", "attrs", 4)
    findings.fail(Check.CONTENT, "E_COMMIT", "content", 2)
    findings.fail(Check.READING, "E_JSON", "braid", None)
    places = [(finding.code, finding.node) for finding in findings.listed()]
    assert places == [
        ("E_JSON", None),
        ("E_COMMIT", 2),
        ("E_ATTRS", 4),
        ("E_PAIR", 3),
        ("E_PAIR", 9),
        ("W_TIME", 1),
        ("N_OPEN", None),
    ]


def test_messages_hold_no_words_of_the_conversation() -> None:
    word = "Zanzibar"
    braid = conversation()
    braid.prompt(word)
    braid.call(changes={word: word, "placement": {"by": word}})
    braid.end(raw=b'{"outcome":"%b"}' % word.encode())
    braid.answer(Kind.TEXT, word, attrs={word: word})
    raw = braid.transcript().replace(b'\\"type\\":\\"thinking\\"', b'\\"Zanzibar\\"Zanzibar')
    report = verify(raw)
    assert report.result is Result.FAILED
    assert {"E_CALL", "E_PAIR", "E_COMMIT", "E_ATTRS"} <= {f.code for f in report.findings}
    assert word not in json.dumps(report.to_json())


def test_importing_the_verifier_loads_no_network_database_or_command_line() -> None:
    script = "import sys, braid_verifier; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "braid_verifier" in loaded
    forbidden = {
        "aiohttp", "alembic", "anthropic", "asyncio", "braid_clients", "braid_server", "click",
        "fastapi", "http", "httpx", "multiprocessing", "rich", "socket", "sqlalchemy", "sqlite3",
        "ssl", "starlette", "uvicorn",
    }  # fmt: skip
    assert loaded & forbidden == set()


def test_the_package_exports_what_it_lists_and_nothing_else() -> None:
    script = (
        "import types, braid_verifier as v; "
        "print(*sorted(n for n in dir(v) if not n.startswith('_') "
        "and not isinstance(getattr(v, n), types.ModuleType)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    import braid_verifier

    assert done.stdout.split() == sorted(braid_verifier.__all__)


def test_verify_twice_gives_equal_reports() -> None:
    braid = sealed_conversation()
    assert verify(braid.transcript(), Policy(), [braid.pin]) == verify(
        braid.transcript(), Policy(), [braid.pin]
    )
