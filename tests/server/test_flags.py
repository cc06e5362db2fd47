"""What the detector finds is signed as a flag about the block, beside the conversation."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from braid.node import Kind, Origin, read_header
from braid.transcript import StoredNode, TranscriptReader
from braid.wire.block import Block
from braid_server import flagging
from braid_server.flagging import Flagging
from braid_verifier import Policy, Report, Result, verify
from braid_verifier.leaks import VERSION, detect
from braid_verifier.leaks.flag import MAX_FLAGS, read_flag
from fakes.desk import Desk, ask, opening_of, thinking, tool_use, user

LEAK = "Wait, actually that's wrong. Hmm, let me reconsider: the key is in the second file."
POLICY = Policy(allow_unknown_signer=True)


@pytest.fixture
def desk(folder: Path) -> Iterator[Desk]:
    with Desk(folder) as opened:
        yield opened


def nodes(transcript: bytes) -> list[StoredNode]:
    found = [entry.node for entry in TranscriptReader(io.BytesIO(transcript))]
    return [node for node in found if node is not None]


def flags(transcript: bytes) -> list[tuple[StoredNode, dict[str, Any]]]:
    """Give the flags of a transcript: the node each is about, and what it says."""
    by_name = {node.s: node for node in nodes(transcript)}
    said = []
    for node in by_name.values():
        header = read_header(node.h)
        if header.kind is Kind.FLAG:
            assert node.opened is not None
            said.append((by_name[header.about[0]], json.loads(node.opened.content)))
    return said


def content(node: StoredNode) -> str:
    assert node.opened is not None
    return node.opened.content.decode()


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


def test_deliberation_in_text_is_flagged_with_its_place_and_without_its_words(desk: Desk) -> None:
    call = desk.turn(ask("which file?"), thinking("short"), LEAK)
    ((about, said),) = flags(desk.transcript(call.braid))
    assert content(about) == LEAK
    assert LEAK[said["start"] : said["end"]] == LEAK
    assert (said["what"], said["class"], said["version"]) == ("leak", "self_correction", VERSION)
    assert said["position"] == {
        "length": len(LEAK),
        "overlap": 0,
        "thinking": "present",
        "thinking_length": 5,
    }
    reasons = {cue for cue, _, _ in said["reasons"]}
    assert reasons
    assert not any(word in json.dumps(said) for word in ("key", "second file", "reconsider"))
    desk.verified(call.braid)


def test_deliberation_in_a_comment_that_a_tool_is_handed_is_flagged(desk: Desk) -> None:
    code = f"x = 1\n# {LEAK}\n"
    call = desk.turn(ask("go"), tool_use("python_interpreter", code=code))
    ((about, said),) = flags(desk.transcript(call.braid))
    assert content(about)[said["start"] : said["end"]] == LEAK


def test_what_the_user_wrote_is_not_flagged_when_it_is_repeated(desk: Desk) -> None:
    call = desk.turn(ask(f"Keep this comment: {LEAK}"), tool_use("bash", command=f"# {LEAK}\nls"))
    assert flags(desk.transcript(call.braid)) == []


def test_thinking_without_a_provider_signature_is_flagged_as_a_fact(desk: Desk) -> None:
    call = desk.turn(ask("hi"), thinking("unsigned", ""), thinking("signed"), "Hello.")
    ((about, said),) = flags(desk.transcript(call.braid))
    assert content(about) == "unsigned"
    assert said == {"detector": "braid-leaks", "version": VERSION, "what": "unsigned_thinking"}


def test_a_plain_answer_has_no_flag_and_a_flag_changes_no_strand(desk: Desk) -> None:
    first = desk.turn(ask("hi"), LEAK, "Hello.")
    assert len(flags(desk.transcript(first.braid))) == 1
    second = desk.turn(
        ask(
            "hi",
            {
                "role": "assistant",
                "content": [{"type": "text", "text": LEAK}, {"type": "text", "text": "Hello."}],
            },
            user("more"),
        ),
        "Done.",
    )
    assert second.braid == first.braid
    desk.seal(first.braid)
    desk.verified(first.braid)


def test_the_verifier_repeats_what_the_recorder_flagged(desk: Desk) -> None:
    call = desk.turn(
        ask("hi"), thinking("unsigned", ""), LEAK, tool_use("bash", command=f"# {LEAK}")
    )
    transcript = desk.transcript(call.braid)
    report = verify(transcript, POLICY, leaks=True)
    assert report.result is Result.VERIFIED
    assert [code for code in codes(report) if "FLAG" in code] == ["N_FLAG"] * 3
    messages = [f.message for f in report.findings if f.code == "N_FLAG"]
    assert messages[0] == "thinking without a provider signature"
    assert "self_correction (strong" in messages[1]


def test_a_detector_that_fails_costs_a_flag_and_no_record(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError(LEAK)

    monkeypatch.setattr(flagging, "detect", broken)
    call = desk.turn(ask("hi"), LEAK)
    assert flags(desk.transcript(call.braid)) == []
    assert desk.told(call).answer
    assert "event=not_flagged fault=ValueError" in caplog.text
    assert "reconsider" not in caplog.text
    desk.verified(call.braid)


def test_blocks_tried_again_are_looked_at_once_and_flagged_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[object] = []

    def counting(*block: Any) -> Any:
        looked.append(block)
        return detect(*block)

    monkeypatch.setattr(flagging, "detect", counting)
    looking = Flagging(opening_of(ask("hi")))
    blocks = [
        Block(Kind.THINKING, Origin.PROVIDER, "text/plain", b"a b c d e", {"signature": "s"}),
        Block(Kind.TEXT, Origin.PROVIDER, "text/plain", LEAK.encode()),
    ]
    once = desk.run(looking.flags(0, blocks))
    assert desk.run(looking.flags(0, blocks)) == once
    assert desk.run(looking.flags(1, blocks[1:])) == once[1:]
    assert len(looked) == 2, "once without what was heard, once with it"


def test_of_very_many_findings_the_strongest_are_listed_and_the_rest_counted(desk: Desk) -> None:
    plain = "The server reads the file and answers with its length.\n" * 80
    call = desk.turn(ask("hi"), f"{LEAK}\n\n{plain}\n\n" * (MAX_FLAGS + 6))
    found = [said for _, said in flags(desk.transcript(call.braid))]
    assert len(found) == MAX_FLAGS
    assert found[-1]["more"] >= 1
    for said in found:
        assert read_flag(json.dumps(said).encode()) is not None
    report = verify(desk.transcript(call.braid), POLICY, leaks=True)
    assert "N_FLAG_UNREPEATED" not in codes(report)
    assert "N_UNFLAGGED" not in codes(report)


def test_the_verifier_takes_for_quoted_what_the_call_showed_and_nothing_else(desk: Desk) -> None:
    said = {"role": "assistant", "content": "Hello."}
    first = desk.turn(ask("hi"), "Hello.")
    quoted = desk.turn(ask("hi", said, user(f"Keep this: {LEAK}")), LEAK)
    assert flags(desk.transcript(first.braid)) == []
    # The same conversation goes on from before that prompt: here the words are the model's own.
    other = desk.turn(ask("hi", said, user("go")), LEAK)
    assert first.braid == quoted.braid == other.braid
    transcript = desk.transcript(first.braid)
    assert len(flags(transcript)) == 1
    found = codes(verify(transcript, POLICY, leaks=True))
    assert "N_FLAG" in found
    assert not {"N_FLAG_UNREPEATED", "N_UNFLAGGED"} & set(found)


def test_the_verifier_says_where_the_detector_and_the_flags_differ(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def report_of(*content: str) -> Report:
        call = desk.turn(ask(f"hi {len(content)}"), *content)
        report = verify(desk.transcript(call.braid), POLICY, leaks=True)
        assert report.result is Result.VERIFIED
        return report

    with monkeypatch.context() as patched:
        patched.setattr(flagging, "detect", lambda *_: ())
        assert "N_UNFLAGGED" in codes(report_of(LEAK))
    with monkeypatch.context() as patched:
        patched.setattr("braid_verifier.leaks.flag.VERSION", VERSION + 1)
        found = codes(report_of(LEAK, "Hello."))
        assert {"N_FLAG", "N_FLAG_VERSION", "N_UNFLAGGED"} <= set(found)
    known = detect("text", "text/plain", LEAK, {})
    with monkeypatch.context() as patched:
        patched.setattr(flagging, "detect", lambda *_: known)
        assert "N_FLAG_UNREPEATED" in codes(report_of("a" * 90, "Hello.", "Bye."))
