"""Revoked keys: what a server publishes, what its transcripts carry, and what it begins no more (SPEC §9.4)."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from braid.checkpoint import SignedCheckpoint, cosign, read_checkpoint
from braid.encoding import write_time
from braid.note import NoteSigner, SignatureType
from braid.revocation import Reason, Revocation, Subject, write_revocation
from braid.signing import SecretKey
from braid.statements import MAX_BYTES, Statements, parse_statements, write_statement
from braid_server import keyfiles, service
from braid_server.keyfiles import ROOT_LABEL, KeyFileUnusable
from braid_server.keyring import Keyring
from braid_server.library import reading
from braid_server.recording import RecordingFailed
from braid_server.revoking import Revoked, load_revocations, revocations_of, revoke
from braid_server.rotating import load_rotations, rotate
from braid_server.service import Settings, running
from braid_verifier import verify
from braid_verifier.policy import ClaimName
from fakes.anthropic import json_answer
from fakes.client import RawClient
from fakes.desk import ROOT, START, WRAPPING, Desk, ask, write_keys
from fakes.logs import entries_in
from fakes.replay import fetch
from fakes.upstream import ScriptedUpstream


@pytest.fixture
def desk(folder: Path) -> Iterator[Desk]:
    write_keys(folder)
    with seated(folder) as opened:
        yield opened


def seated(folder: Path) -> Desk:
    """Open a desk with the keys as they are in their files, as a service that starts would."""
    root = SecretKey(keyfiles.load(folder / "root.key", ROOT_LABEL))
    rotations = load_rotations(folder / "root.key", root.text)
    revoked = Revoked(folder / "root.key", rotations)
    return Desk(folder, keyring=Keyring(root, WRAPPING, rotations=rotations, revoked=revoked))


def stolen(folder: Path, key: str, of: Subject = Subject.ROOT) -> None:
    revoke(folder / "root.key", key, of, Reason.STOLEN, None, START)


def codes(transcript: bytes, *roots: str) -> list[str]:
    report = verify(transcript, roots=roots)
    return [one.code for one in report.findings if one.code.startswith("E_")]


def test_a_revoked_braid_says_so_and_is_not_gone_on_with(desk: Desk, folder: Path) -> None:
    first = desk.turn(ask("question"), "answer").braid
    other = desk.turn(ask("another"), "answer").braid
    stolen(folder, first, Subject.BRAID)
    assert codes(desk.transcript(first), ROOT.text) == ["E_REVOKED"]
    assert codes(desk.transcript(other), ROOT.text) == []
    later = desk.turn(ask("question", "answer", "more"), "and more").braid
    assert later != first
    (link,) = desk.story(later).nodes[0].header["link"]
    assert (link["braid"], link["rel"]) == (first, "continues")
    assert codes(desk.transcript(later), ROOT.text) == []


def test_a_revoked_root_begins_no_braid_and_its_transcripts_say_so(
    desk: Desk, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    braid = desk.turn(ask("question"), "answer").braid
    stolen(folder, ROOT.text)
    assert codes(desk.transcript(braid), ROOT.text) == ["E_REVOKED"]
    with pytest.raises(RecordingFailed, match="revoked"):
        desk.open(ask("something else"))
    assert "event=root_revoked" in caplog.text and "something else" not in caplog.text
    assert desk.braids() == [braid]


def test_a_root_that_its_heir_revokes(folder: Path) -> None:
    write_keys(folder)
    with seated(folder) as desk:
        braid = desk.turn(ask("question"), "answer").braid
    new = rotate(folder / "root.key", START).new
    with seated(folder) as desk:
        later = desk.turn(ask("another"), "answer").braid
        for transcript in map(desk.transcript, (braid, later)):
            assert codes(transcript, ROOT.text, new) == []
        stolen(folder, ROOT.text)
        # The rotation that gives the new root its say stands beside what it says.
        assert codes(desk.transcript(braid), ROOT.text, new) == ["E_REVOKED"]
        assert codes(desk.transcript(later), new) == []
        report = verify(desk.transcript(later), roots=[ROOT.text])
        assert str(report.claims[ClaimName.SIGNER].answer) == "no"
        assert desk.turn(ask("a third"), "answer").braid not in (braid, later)


def test_a_braid_that_the_heir_of_its_root_revokes(folder: Path) -> None:
    write_keys(folder)
    with seated(folder) as desk:
        braid = desk.turn(ask("question"), "answer").braid
    rotate(folder / "root.key", START)
    with seated(folder) as desk:
        stolen(folder, braid, Subject.BRAID)
        assert codes(desk.transcript(braid), ROOT.text) == ["E_REVOKED"]


def test_a_retired_root_keeps_what_it_certified(desk: Desk, folder: Path) -> None:
    braid = desk.turn(ask("question"), "answer").braid
    desk.clock.advance(days=1)
    revoke(folder / "root.key", ROOT.text, Subject.ROOT, Reason.RETIRED, None, desk.clock())
    assert codes(desk.transcript(braid), ROOT.text) == []
    with pytest.raises(RecordingFailed):
        desk.open(ask("something else"))


def test_words_can_be_erased_of_a_revoked_braid(desk: Desk, folder: Path) -> None:
    braid = desk.turn(ask("a secret"), "answer").braid
    stolen(folder, braid, Subject.BRAID)
    assert 0 in desk.run(desk.library.erase(braid, [0])).nodes
    assert b"a secret" not in desk.transcript(braid)


def test_an_heir_closes_what_the_old_root_certified(folder: Path) -> None:
    write_keys(folder)
    with seated(folder) as desk:
        braid = desk.turn(ask("question"), "answer").braid
    news = [rotate(folder / "root.key", START).new for _ in range(2)]
    with seated(folder) as desk:
        assert desk.recorder.close_all() == 1
        file = json.loads(desk.transcript(braid))
        kinds = [proof["type"] for proof in file["proofs"] if proof["type"] != "log"]
        assert kinds == ["rotation", "rotation", "closure"]
        report = verify(desk.transcript(braid), roots=[ROOT.text])
        assert codes(desk.transcript(braid), ROOT.text) == []
        assert str(report.claims[ClaimName.CLOSED].answer) == "yes"
        # That it leads on to the new roots makes these no pin of the old one.
        assert (
            str(verify(desk.transcript(braid), roots=news).claims[ClaimName.SIGNER].answer) == "no"
        )


def test_a_store_that_is_read_without_a_server_says_so_too(desk: Desk, folder: Path) -> None:
    braid = desk.turn(ask("question"), "answer").braid
    stolen(folder, braid, Subject.BRAID)
    with reading(str(desk.path), Revoked(folder / "root.key")) as library:
        assert codes(b"".join(library.transcript(braid)), ROOT.text) == ["E_REVOKED"]


def test_what_a_former_root_said_is_still_published_and_carried(folder: Path) -> None:
    write_keys(folder)
    with seated(folder) as desk:
        braid = desk.turn(ask("question"), "answer").braid
    rotate(folder / "root.key", START)
    stolen(folder, ROOT.text)
    (folder / "root.key").rename(folder / "stolen.key")
    keyfiles.create(folder / "root.key", ROOT_LABEL)
    with running(settings(folder, "http://upstream.invalid")) as url:
        port = int(url.rpartition(":")[2])
        said = published(port)
        assert (len(said.rotations), [one.key for one in said.revocations]) == (1, [ROOT.text])
        (key,) = json.loads(fetch(port, "/.well-known/braid-keys"))["keys"]
        new = SecretKey(keyfiles.load(folder / "root.key", ROOT_LABEL)).text
        assert key["x"] == new
        transcript = fetch(port, f"/braid/v1/braids/{braid}")
        assert codes(transcript, ROOT.text) == ["E_REVOKED"]
        kinds = [proof["type"] for proof in json.loads(transcript)["proofs"]]
        assert [kind for kind in kinds if kind != "log"] == ["rotation", "revocation"]


def test_a_running_server_publishes_what_is_said_meanwhile(folder: Path) -> None:
    write_keys(folder)
    turn = rotate(folder / "root.key", START)
    with (
        ScriptedUpstream([json_answer()]) as upstream,
        running(settings(folder, upstream.url)) as url,
    ):
        port = int(url.rpartition(":")[2])
        with RawClient(port) as client:
            client.post("/v1/messages", json.dumps(ask("question")).encode())
            (braid,) = client.answer().values("x-braid-id")
        said = published(port)
        assert (len(said.rotations), said.revocations) == (1, ())
        (key,) = json.loads(fetch(port, "/.well-known/braid-keys"))["keys"]
        assert key["x"] == turn.new
        clean = fetch(port, f"/braid/v1/braids/{braid}")
        assert checked(port, clean) == "verified"
        stolen(folder, turn.new)
        said = published(port)
        assert [one.key for one in said.revocations] == [turn.new]
        assert json.loads(fetch(port, "/.well-known/braid-keys")) == {"keys": []}
        transcript = fetch(port, f"/braid/v1/braids/{braid}")
        assert codes(transcript, ROOT.text) == ["E_REVOKED"]
        assert checked(port, clean) == "failed"  # which was exported before
        before = len(upstream.requests)
        with RawClient(port) as client:
            client.post("/v1/messages", json.dumps(ask("something else")).encode())
            answer = client.answer()
        assert answer.status == 503 and b"root key was revoked" in answer.body
        assert len(upstream.requests) == before  # what is not recorded is not sent


def checked(port: int, transcript: bytes) -> str:
    """Ask a server of a request, and give what it says of the transcript."""
    request = json.dumps(ask("question"))
    asked = {"wire": "anthropic", "transcript": transcript.decode(), "request": request}
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/braid/v1/check-history", json.dumps(asked))
    said: str = json.loads(connection.getresponse().read())["transcript"]
    connection.close()
    return said


def published(port: int) -> Statements:
    return parse_statements(fetch(port, "/.well-known/braid-statements"))


def settings(folder: Path, upstream: str) -> Settings:
    return Settings(
        str(folder / "braid.db"),
        folder / "root.key",
        folder / "wrapping.key",
        upstream_anthropic=upstream,
        port=0,
    )


def test_a_file_that_goes_bad_leaves_what_was_known(
    desk: Desk, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    braid = desk.turn(ask("question"), "answer").braid
    stolen(folder, braid, Subject.BRAID)
    assert codes(desk.transcript(braid), ROOT.text) == ["E_REVOKED"]
    revocations_of(folder / "root.key").write_bytes(b"words\n")
    assert codes(desk.transcript(braid), ROOT.text) == ["E_REVOKED"]
    assert "event=revocations_unusable" in caplog.text


@pytest.mark.parametrize("damage", [b"words\n", b"{}\n", b"\xff\n"])
def test_a_server_does_not_start_over_a_file_that_is_none(folder: Path, damage: bytes) -> None:
    write_keys(folder)
    revocations_of(folder / "root.key").write_bytes(damage)
    with pytest.raises(KeyFileUnusable, match="revocations"):
        Revoked(folder / "root.key")


def test_a_rotation_is_no_revocation(folder: Path) -> None:
    write_keys(folder)
    statements = rotate(folder / "root.key", START).file
    revocations_of(folder / "root.key").write_bytes(statements.read_bytes())
    with pytest.raises(KeyFileUnusable, match="revocations alone"):
        load_revocations(folder / "root.key")


def test_a_revoked_root_hands_over_to_nobody(folder: Path) -> None:
    write_keys(folder)
    stolen(folder, ROOT.text)
    before = (folder / "root.key").read_bytes()
    with pytest.raises(KeyFileUnusable, match="revoked"):
        rotate(folder / "root.key", START)
    assert (folder / "root.key").read_bytes() == before


def test_revocations_are_added_to_what_was_said_before(folder: Path) -> None:
    write_keys(folder)
    for key in (SecretKey(bytes([n]) * 32).text for n in (1, 2, 3)):
        stolen(folder, key, Subject.BRAID)
    assert len(load_revocations(folder / "root.key").revocations) == 3
    assert not [path for path in folder.iterdir() if path.name.endswith(".next")]


WITNESS = NoteSigner("example.org/witness", bytes(range(32)), SignatureType.COSIGNATURE)


def cosign_the_log(port: int, at: datetime) -> None:
    """Have the witness say that it saw the log of a server as it is, at a time."""
    signed = read_checkpoint(fetch(port, "/braid/log/checkpoint"))
    note = SignedCheckpoint(signed.checkpoint, signed.signatures[:1]).with_signatures(
        cosign(WITNESS, signed.checkpoint, int(at.timestamp()))
    )
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/braid/log/cosignatures", note.raw)
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize("of", list(Subject))
def test_what_a_witness_saw_before_stays_and_only_for_who_pins_it(
    folder: Path, of: Subject
) -> None:
    with Desk(folder) as desk:
        braid = desk.turn(ask("question"), "answer").braid
        desk.seal(braid)
    write_keys(folder)
    watched = replace(
        settings(folder, "http://upstream.invalid"), log_witnesses=(WITNESS.public.text,)
    )
    key = ROOT.text if of is Subject.ROOT else braid
    with running(watched) as url:
        port = int(url.rpartition(":")[2])
        log = fetch(port, "/braid/log/vkey").decode().strip()
        cosign_the_log(port, START)

        def said(since: timedelta, **pins: Any) -> list[str]:
            revoke(folder / "root.key", key, of, Reason.STOLEN, write_time(START + since), later)
            report = verify(fetch(port, f"/braid/v1/braids/{braid}"), roots=[ROOT.text], **pins)
            return [one.code for one in report.findings if one.code.startswith("E_")]

        later = START + timedelta(days=9)
        pins = {"logs": (log,), "witnesses": (WITNESS.public.text,)}
        assert said(timedelta(hours=1), **pins) == []
        assert said(timedelta(hours=1), logs=(log,)) == ["E_REVOKED"]
        assert said(timedelta(hours=1)) == ["E_REVOKED"]
        # Another revocation, from before the witness came.
        assert said(-timedelta(hours=1), **pins) == ["E_REVOKED"]
        # The running server logged each of them.
        assert b"braid/1 log revocation" in b"".join(entries_in(folder / "braid.db"))


def test_revoked_at_once_none_is_lost(folder: Path) -> None:
    keyfiles.create(folder / "root.key", ROOT_LABEL)
    keys = [SecretKey(bytes([n]) * 32).text for n in range(1, 33)]
    with ThreadPoolExecutor(8) as several:
        for ended in [several.submit(stolen, folder, key, Subject.BRAID) for key in keys]:
            ended.result()
    said = load_revocations(folder / "root.key").revocations
    assert sorted(one.key for one in said) == sorted(keys)


def test_a_revocation_that_finds_no_place_is_told(
    desk: Desk, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stolen(folder, ROOT.text)
    damaged: list[Any] = [{"type": "rotation", "h": "words", "s": "words"}]
    other = SecretKey(bytes(32)).text
    assert desk.keyring.revoked.proofs("BRAID", other, damaged) == damaged
    assert "event=revocation_not_added braid=BRAID" in caplog.text and "words" not in caplog.text


def test_a_statement_that_is_not_logged_is_told_by_its_fault_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failed: Future[None] = Future()
    failed.add_done_callback(service._tell_of_fault)
    failed.set_exception(LookupError("words"))
    assert "event=statement_not_logged fault=LookupError" in caplog.text
    assert "words" not in caplog.text


def test_a_statement_that_comes_too_late_for_the_log_is_told(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_keys(folder)
    with seated(folder) as desk:
        stolen(folder, ROOT.text)
    service._log_news(desk.store, desk.keyring)
    assert "event=statement_not_logged fault=StoreUnavailable" in caplog.text


def test_a_full_file_of_revocations_is_left_as_it_is(folder: Path) -> None:
    """One more, and nobody could read it: not a server that starts, nor whom it tells."""
    write_keys(folder)
    stolen(folder, SecretKey(bytes(32)).text)
    path = revocations_of(folder / "root.key")
    (proof,) = load_revocations(folder / "root.key").proofs
    path.write_bytes(write_statement(proof) * (MAX_BYTES // len(write_statement(proof))))
    stolen(folder, SecretKey(bytes(range(32))).text)  # the same said again takes no room
    assert len(load_revocations(folder / "root.key").revocations) == 2
    root = SecretKey(keyfiles.load(folder / "root.key", ROOT_LABEL))
    lines = []
    for number in range(1, 1 + (MAX_BYTES - 64 * 1024) // len(write_statement(proof))):
        key = SecretKey(number.to_bytes(32, "big")).text
        said = Revocation(
            key, Subject.ROOT, Reason.STOLEN, write_time(START), root.text, write_time(START)
        )
        lines.append(write_statement(write_revocation(root, said)))
    path.write_bytes(b"".join(lines))
    with pytest.raises(KeyFileUnusable, match=r"root.key.revocations: full: expected statements"):
        for number in range(1, 4):
            stolen(folder, SecretKey((number << 200).to_bytes(32, "big")).text)
    assert len(Revoked(folder / "root.key").told) <= MAX_BYTES
