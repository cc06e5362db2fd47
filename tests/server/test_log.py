"""The store's transparency log: what is in it, what it shows, and that one key signs one tree."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import hashlib
import http.client
import http.server
import json
import secrets
import shutil
import sqlite3
import stat
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from braid.checkpoint import (
    Checkpoint,
    SignedCheckpoint,
    cosign,
    is_signed,
    read_checkpoint,
    sign_checkpoint,
)
from braid.errors import BraidError
from braid.log_entry import EntryKind, read_entry
from braid.log_proof import check_log_proof, read_log_proof
from braid.node import read_header
from braid.note import NoteSigner, SignatureType
from braid.revocation import Reason, Subject
from braid.tiles import tiles_of
from braid.transcript import Layout
from braid_clients.problem import Problem
from braid_server import keyfiles, log_face
from braid_server.keyfiles import LOG_LABEL, KeyFileUnusable
from braid_server.log_key import LogSettings, LogUnusable, keep_log, key_beside
from braid_server.logbook import covering, files, newest
from braid_server.revoking import revoke
from braid_server.rotating import load_rotations, rotate
from braid_server.service import Misconfigured, Settings, opened, running
from braid_server.store import (
    BraidRow,
    CosignatureRow,
    LogReading,
    LogWriter,
    Store,
    StoreUnavailable,
)
from braid_server.store.transaction import Transaction
from fakes.desk import START, Clock, Desk, ask, write_keys
from fakes.logs import entries_in, grow, hold, key_in
from fakes.upstream import PATIENCE
from fakes.writer import writer_held
from format import rfc6962

Json = dict[str, Any]
LOG = "/braid/log"
WITNESS = NoteSigner("example.org/witness", bytes(range(32)), SignatureType.COSIGNATURE)
OTHER = NoteSigner("example.org/other", bytes(range(1, 33)), SignatureType.COSIGNATURE)
SECOND = 1_800_000_000


def settings_of(folder: Path, **others: Any) -> Settings:
    keys = (folder / "root.key", folder / "wrapping.key")
    return Settings(str(folder / "braid.db"), *keys, port=0, **others)


def proofs_in(transcript: bytes) -> dict[str, Json]:
    """The log proofs of a transcript, by what they are of."""
    proofs = [p for p in json.loads(transcript).get("proofs", []) if p["type"] == "log"]
    found = {proof["of"]: proof for proof in proofs}
    assert len(found) == len(proofs)
    assert all(set(proof) == {"type", "of", "proof"} for proof in proofs)
    return found


def kinds(entries: list[bytes]) -> list[str]:
    return [str(read_entry(raw).kind) for raw in entries]


class TestWhatIsLogged:
    def test_a_certificate_comes_before_anything_that_its_key_signs(self, folder: Path) -> None:
        with Desk(folder) as desk:
            call = desk.open(ask("question"))
            first = desk.transcript(call.braid)
            (raw,) = entries_in(desk.path)
            desk.answer(call, "answer")
            assert entries_in(desk.path) == [raw]
        certificate = json.loads(first)["certificate"]
        h, s, pop = (certificate[name] for name in ("h", "s", "pop"))
        assert raw == f"braid/1 log certificate\n{h}\n{s}\n{pop}\n".encode()

    def test_a_seal_is_logged_once(self, folder: Path) -> None:
        with Desk(folder) as desk:
            braid = desk.turn(ask("question"), "answer").braid
            desk.seal(braid)
            desk.seal(braid)
            node = json.loads(desk.transcript(braid))["nodes"][-1]
            _, raw = entries_in(desk.path)
        assert raw == f"braid/1 log seal\n{node['h']}\n{node['s']}\n".encode()

    def test_a_closure_is_logged(self, folder: Path) -> None:
        with Desk(folder) as desk:
            braid = desk.turn(ask("question"), "answer").braid
            desk.recorder.close_all()
            proofs = json.loads(desk.transcript(braid))["proofs"]
            _, raw = entries_in(desk.path)
        (closure,) = [proof for proof in proofs if proof["type"] == "closure"]
        assert raw == f"braid/1 log closure\n{closure['h']}\n{closure['s']}\n".encode()

    def test_a_notice_of_erasure_is_logged_like_any_braid(self, folder: Path) -> None:
        with Desk(folder) as desk:
            braid = desk.turn(ask("question"), "answer").braid
            erased = desk.run(desk.library.erase(braid, [0]))
            assert erased.notice is not None
            assert set(proofs_in(desk.transcript(erased.notice))) == {"certificate", "seal"}
            assert kinds(entries_in(desk.path)) == ["certificate", "seal"] * 2

    def test_what_a_root_said_of_the_next_is_logged_once(self, folder: Path) -> None:
        with opened(settings_of(folder)):
            pass
        rotate(folder / "root.key", START)
        for _ in range(2):
            with opened(settings_of(folder)) as service:
                (proof,) = load_rotations(folder / "root.key", service.root)
        (raw,) = entries_in(folder / "braid.db")
        said = "".join(f"{proof[name]}\n" for name in ("h", "s", "pop"))
        assert raw == f"braid/1 log rotation\n{said}".encode()

    def test_what_a_root_revoked_is_logged(self, folder: Path) -> None:
        with opened(settings_of(folder)) as service:
            root = service.root
        proof = revoke(folder / "root.key", root, Subject.ROOT, Reason.RETIRED, None, START)
        with opened(settings_of(folder)):
            pass
        (raw,) = entries_in(folder / "braid.db")
        assert raw == f"braid/1 log revocation\n{proof['h']}\n{proof['s']}\n".encode()

    def test_no_word_of_a_conversation_is(self, folder: Path) -> None:
        with Desk(folder) as desk:
            braid = desk.turn(ask("Xylophone"), "Zeppelin").braid
            desk.seal(braid)
            said = b"".join(entries_in(desk.path))
            salts = [node["salt"] for node in json.loads(desk.transcript(braid))["nodes"]]
        assert not any(word in said for word in (b"Xylophone", b"Zeppelin"))
        # A seal's words are none: its commitment, to nothing, is under a salt that stays here.
        assert not any(salt.encode() in said for salt in salts)


class TestWhatIsShown:
    @pytest.mark.parametrize("count", [1, 2, 127, 128, 129, 400])
    def test_all_of_it_follows_from_the_entries_alone(self, folder: Path, count: int) -> None:
        """By RFC 6962's own recursion and by what tlog-tiles says, with no code of the package."""
        braids = grow(folder, count)
        entries = entries_in(folder / "braid.db")
        assert len(entries) == 2 * count
        leaves = [hashlib.sha256(b"\x00" + entry).digest() for entry in entries]
        with Desk(folder) as desk:
            with desk.store.read() as reading:
                log = reading.log.active()
            assert log is not None
            shown = dict(files(desk.store, log, lambda path: False))
            transcripts = [desk.transcript(braid) for braid in (*braids[:3], *braids[-3:])]
        expected: dict[str, bytes] = {}
        levels = [leaves, [rfc6962.head(entries[at : at + 256]) for at in range(0, 2 * count, 256)]]
        levels[1] = levels[1][: 2 * count // 256]
        for level, row in enumerate(levels):
            for at in range(0, len(row), 256):
                some = row[at : at + 256]
                partial = "" if len(some) == 256 else f".p/{len(some)}"
                expected[f"tile/{level}/{at // 256:03}{partial}"] = b"".join(some)
        for at in range(0, 2 * count, 256):
            some = entries[at : at + 256]
            partial = "" if len(some) == 256 else f".p/{len(some)}"
            raw = b"".join(len(one).to_bytes(2, "big") + one for one in some)
            expected[f"tile/entries/{at // 256:03}{partial}"] = raw
        root = base64.b64encode(rfc6962.head(entries)).decode()
        assert list(shown)[-1] == "checkpoint"
        origin, size, said, *_ = shown.pop("checkpoint").decode().split("\n")
        assert (size, said) == (str(2 * count), root)
        assert shown.pop("vkey").decode().startswith(f"{origin}+")
        assert shown == expected
        for transcript in transcripts:
            for of, proof in proofs_in(transcript).items():
                lines = proof["proof"].split("\n")
                assert lines[0] == "c2sp.org/tlog-proof@v1"
                index = int(lines[1].removeprefix("index "))
                assert entries[index].startswith(f"braid/1 log {of}\n".encode())
                steps = [base64.b64encode(step).decode() for step in rfc6962.path(index, entries)]
                assert lines[2 : lines.index("")] == steps
                assert lines[lines.index("") + 1 :][:3] == [origin, size, root]

    def test_a_transcript_carries_its_proofs_in_either_layout(self, folder: Path) -> None:
        with Desk(folder) as desk:
            braid = desk.turn(ask("question"), "answer").braid
            assert set(proofs_in(desk.transcript(braid))) == {"certificate"}
            desk.seal(braid)
            whole = desk.transcript(braid)
            lines = b"".join(desk.library.transcript(braid, layout=Layout.LINES)).splitlines()
        assert set(proofs_in(whole)) == {"certificate", "seal"}
        assert json.loads(lines[-1])["proofs"] == json.loads(whole)["proofs"]

    def test_a_log_goes_on_where_it_was_after_a_restart(self, folder: Path) -> None:
        seen = []
        for _ in range(5):
            grow(folder, 3)
            with Desk(folder) as desk, desk.store.read() as reading:
                log = reading.log.active()
                assert log is not None
                seen.append(log.checkpoint.encode())
        assert hold(seen, folder / "braid.db") == 5


class TestCommits:
    def row(self, desk: Desk) -> BraidRow:
        from braid_server.lineages import new_row

        return new_row("local", None, desk.keyring.new_braid("local", START))

    def test_a_job_that_fails_leaves_nothing_and_takes_no_other_with_it(self, folder: Path) -> None:
        with Desk(folder) as desk:
            desk.turn(ask("question"), "answer")
            rows = [self.row(desk) for _ in range(9)]

            def fail(transaction: Transaction) -> None:
                transaction.add_braid(self.row(desk))
                transaction.flush()
                raise ValueError("on purpose")

            # What is queued meanwhile shares one commit, which fails, and each runs again alone.
            with writer_held(desk.store):
                futures = [
                    desk.store.submit(functools.partial(Transaction.add_braid, row=row))
                    for row in rows
                ]
                failing = desk.store.submit(fail)
                futures.append(
                    desk.store.submit(functools.partial(Transaction.add_braid, row=self.row(desk)))
                )
            with pytest.raises(ValueError, match="on purpose"):
                failing.result(PATIENCE)
            numbers = [future.result(PATIENCE) for future in futures]
            assert len(set(numbers)) == 10
            with desk.store.read() as reading:
                log = reading.log.active()
            assert log is not None and log.size == 11
            assert hold([log.checkpoint.encode()], desk.path) == 1

    def test_one_signature_is_made_for_all_that_share_a_commit(self, folder: Path) -> None:
        signed: list[bytes] = []

        class Counting(NoteSigner):
            def sign(self, message: bytes) -> bytes:
                signed.append(message)
                return super().sign(message)

        with Desk(folder) as desk:
            seed = keyfiles.load(key_beside(desk.path), LOG_LABEL)
            signer = Counting(desk.log.verifier.name, seed, SignatureType.NOTE)
            desk.store.keep_log(LogWriter(desk.log.number, signer))
            with writer_held(desk.store):
                futures = [
                    desk.store.submit(functools.partial(Transaction.add_braid, row=self.row(desk)))
                    for _ in range(20)
                ]
            for future in futures:
                future.result(PATIENCE)
            assert [message.split(b"\n")[1] for message in signed] == [b"20"]
            # Where nothing was logged, nothing is signed.
            desk.store.submit(Transaction.prove).result(PATIENCE)
            assert len(signed) == 1

    def test_hashes_that_are_missing_stop_the_log_before_it_signs_another_tree(
        self, folder: Path
    ) -> None:
        grow(folder, 3)
        with contextlib.closing(sqlite3.connect(folder / "braid.db")) as plain:
            plain.execute("DELETE FROM log_hash WHERE number = 4")
            plain.commit()
        with Desk(folder) as desk:
            with pytest.raises(BraidError):
                desk.turn(ask("question"), "answer")
            with desk.store.read() as reading:
                log = reading.log.active()
        assert log is not None and log.size == 6


class TestKeys:
    def test_one_is_made_beside_the_store_for_its_owner_only(self, folder: Path) -> None:
        with opened(settings_of(folder)) as service:
            key = service.log_vkey
        file = folder / "braid.db.log.key"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        seed = keyfiles.load(file, LOG_LABEL)
        origin = key.partition("+")[0]
        signer = NoteSigner(origin, seed, SignatureType.NOTE)
        assert signer.public.text == key == key_in(folder / "braid.db")
        assert origin == f"braid/log-{hashlib.sha256(signer.public.key).hexdigest()[:8]}"
        assert seed not in (keyfiles.load(folder / "root.key", keyfiles.ROOT_LABEL),)
        with opened(settings_of(folder)) as service:
            assert service.log_vkey == key

    def test_a_name_is_its_issuers_or_the_one_given(self, folder: Path) -> None:
        for number, (others, name) in enumerate(
            [
                ({"issuer": "example.org"}, "example.org/log-"),
                ({"issuer": "a+b"}, "a-b/log-"),
                ({"log_origin": "example.org/log"}, "example.org/log+"),
            ]
        ):
            place = folder / str(number)
            with opened(settings_of(place, **others)) as service:
                assert service.log_vkey.startswith(name)

    @pytest.mark.parametrize("name", ["with space", "a+b", "ä", "x" * 300, "a\nb"])
    def test_a_name_that_no_note_can_carry_is_refused(self, folder: Path, name: str) -> None:
        with (
            pytest.raises(LogUnusable, match="log origin: key name"),
            opened(settings_of(folder, log_origin=name)),
        ):
            pass

    def test_a_key_that_is_lost_is_not_made_again(self, folder: Path) -> None:
        grow(folder, 1)
        write_keys(folder)
        (folder / "braid.db.log.key").unlink()
        with (
            pytest.raises(LogUnusable, match="is not there.*--log-key.*--new-log"),
            opened(settings_of(folder)),
        ):
            pass
        assert not (folder / "braid.db.log.key").exists()

    def test_another_key_is_refused(self, folder: Path) -> None:
        grow(folder, 1)
        write_keys(folder)
        (folder / "braid.db.log.key").unlink()
        keyfiles.create(folder / "braid.db.log.key", LOG_LABEL)
        with (
            pytest.raises(LogUnusable, match="the log of this store is signed by"),
            opened(settings_of(folder)),
        ):
            pass

    def test_a_key_that_others_may_have_read_is_refused(self, folder: Path) -> None:
        grow(folder, 1)
        write_keys(folder)
        (folder / "braid.db.log.key").chmod(0o644)
        with (
            pytest.raises(KeyFileUnusable, match="expected mode 0600"),
            opened(settings_of(folder)),
        ):
            pass

    def test_another_name_is_another_log(self, folder: Path) -> None:
        grow(folder, 1)
        write_keys(folder)
        with (
            pytest.raises(LogUnusable, match="another name is another log"),
            opened(settings_of(folder, log_origin="example.org/log")),
        ):
            pass

    def test_a_key_signs_one_log_only(self, folder: Path) -> None:
        """Named for a second store it is refused; found beside one that was made anew, set aside."""
        grow(folder, 1)
        key = folder / "braid.db.log.key"
        before = key.read_bytes()
        with (
            pytest.raises(LogUnusable, match="another store's"),
            opened(settings_of(folder / "second", log_key=key)),
        ):
            pass
        for part in folder.glob("braid.db*"):
            if part != key:
                part.unlink()
        grow(folder, 1)
        assert key.read_bytes() != before
        assert (folder / "braid.db.log.key.1").read_bytes() == before

    def test_killed_before_there_is_a_key_another_log_begins(self, folder: Path) -> None:
        with Desk(folder) as desk:
            key = desk.log.key
        (folder / "braid.db.log.key").unlink()
        grow(folder, 1)
        assert key_in(folder / "braid.db") != key
        assert len(entries_in(folder / "braid.db")) == 2

    def test_a_restored_store_begins_a_new_log_and_freezes_the_old(self, folder: Path) -> None:
        (old,) = grow(folder, 1)
        (left,) = grow(folder, 1, seal=False)
        write_keys(folder)
        first = key_in(folder / "braid.db")
        with opened(settings_of(folder, restored=True)) as service:
            assert service.log_vkey != first
            sealed = b"".join(service.library.transcript(old))
            closed = b"".join(service.library.transcript(left))
        assert (folder / "braid.db.log.key.1").exists()
        assert kinds(entries_in(folder / "braid.db", 1)) == ["certificate", "seal", "certificate"]
        assert kinds(entries_in(folder / "braid.db", 2)) == ["closure"]

        def origins(transcript: bytes) -> dict[str, str]:
            return {
                of: read_log_proof(proof["proof"]).signed.checkpoint.origin
                for of, proof in proofs_in(transcript).items()
            }

        before, after = first.partition("+")[0], service.log_vkey.partition("+")[0]
        assert origins(sealed) == {"certificate": before, "seal": before}
        assert origins(closed) == {"certificate": before, "closure": after}
        with opened(settings_of(folder)) as again:
            assert again.log_vkey == service.log_vkey

    def test_a_new_log_can_be_asked_for(self, folder: Path) -> None:
        grow(folder, 1)
        write_keys(folder)
        (folder / "braid.db.log.key").unlink()
        with opened(settings_of(folder, new_log=True)) as service:
            assert service.log_vkey == key_in(folder / "braid.db", 2)
            (info,) = service.library.braids().braids
            assert info.state == "sealed"

    def test_a_store_of_before_begins_one_and_its_braids_are_not_logged(self, folder: Path) -> None:
        (old,) = grow(folder, 1, seal=False)
        with contextlib.closing(sqlite3.connect(folder / "braid.db")) as plain:
            for table in ("cosignature", "log", "log_entry", "log_hash"):
                plain.execute(f"DROP TABLE {table}")
            plain.execute("UPDATE alembic_version SET version_num = '0003'")
            plain.commit()
        (folder / "braid.db.log.key").unlink()
        with pytest.raises(StoreUnavailable, match="older version .* braid serve"):
            Store(str(folder / "braid.db"), writable=False)
        (new,) = grow(folder, 1)
        with Desk(folder) as desk:
            assert proofs_in(desk.transcript(old)) == {}
            assert set(proofs_in(desk.transcript(new))) == {"certificate", "seal"}


@contextmanager
def served(folder: Path, **others: Any) -> Iterator[int]:
    """A server over a store of the tests, on a socket; gives its port."""
    write_keys(folder)
    with running(settings_of(folder, **others)) as url:
        yield int(url.rpartition(":")[2])


def fetch(
    port: int, path: str, method: str = "GET", body: bytes | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request(method, path, body)
    answer = connection.getresponse()
    found = {name.lower(): value for name, value in answer.getheaders()}
    raw = answer.read()
    connection.close()
    return answer.status, found, raw


def error_of(raw: bytes) -> str:
    said = json.loads(raw)["error"]
    message: str = said["message"]
    assert not message[0].isupper() and not message.endswith(".") and "Traceback" not in message
    code: str = said["code"]
    return f"{code}: {message}"


class TestServed:
    def test_as_tlog_tiles_has_it(self, folder: Path) -> None:
        grow(folder, 140)  # 280 entries
        entries = entries_in(folder / "braid.db")
        with served(folder, tokens={"one": "secret"}) as port:  # none of which is shown
            status, headers, raw = fetch(port, f"{LOG}/checkpoint")
            assert status == 200 and headers["content-type"] == "text/plain; charset=utf-8"
            assert headers["cache-control"] == "no-cache"
            assert hold([raw], folder / "braid.db") == 1
            status, headers, raw = fetch(port, f"{LOG}/tile/0/000")
            assert status == 200 and headers["content-type"] == "application/octet-stream"
            assert "immutable" in headers["cache-control"] and len(raw) == 256 * 32
            assert fetch(port, f"{LOG}/tile/0/001.p/24")[2] == b"".join(
                hashlib.sha256(b"\x00" + entry).digest() for entry in entries[256:]
            )
            # One that an earlier checkpoint needed, while it grew.
            assert fetch(port, f"{LOG}/tile/0/001.p/9")[2] == b"".join(
                hashlib.sha256(b"\x00" + entry).digest() for entry in entries[256:265]
            )
            assert fetch(port, f"{LOG}/tile/0/000.p/7")[2] == b"".join(
                hashlib.sha256(b"\x00" + entry).digest() for entry in entries[:7]
            )
            assert fetch(port, f"{LOG}/tile/1/000.p/1")[2] == rfc6962.head(entries[:256])
            status, headers, raw = fetch(port, f"{LOG}/tile/entries/001.p/24")
            assert status == 200 and headers["content-type"] == "application/octet-stream"
            assert raw == b"".join(len(e).to_bytes(2, "big") + e for e in entries[256:])
            assert fetch(port, f"{LOG}/vkey")[2] == key_in(folder / "braid.db").encode() + b"\n"

    @pytest.mark.parametrize(
        "path",
        [
            "tile/0/001",
            "tile/0/000.p/5",
            "tile/0/000.p/0",
            "tile/0/000.p/04",
            "tile/0/000.p/256",
            "tile/0/0",
            "tile/0/1000",
            "tile/0/x000/000",
            "tile/00/000",
            "tile/1/000.p/1",
            "tile/64/000",
            "tile/-1/000",
            "tile/entries/000",
            "tile/entries/001.p/1",
            "tile/0/000.p/4/",
            "tile//000",
            "tile/",
            "tile",
            "tile/0/%30%30%30.p/4/..",
            "",
            "entries",
            "cosignatures",
        ],
    )
    def test_what_is_not_there_is_not_found(self, shared: int, path: str) -> None:
        status, _, raw = fetch(shared, f"{LOG}/{path}")
        assert status in (404, 405), raw
        assert json.loads(raw)["error"]["code"] in ("not_in_log", "http")

    def test_an_empty_log_has_a_checkpoint_and_no_tiles(self, folder: Path) -> None:
        with served(folder) as port:
            raw = fetch(port, f"{LOG}/checkpoint")[2]
            assert read_checkpoint(raw).checkpoint.size == 0
            assert fetch(port, f"{LOG}/tile/0/000")[0] == 404

    def test_files_have_the_same_bytes(self, folder: Path) -> None:
        """Written by `braid log export`, served by Python's own web server."""
        from braid_clients.cli.log import export

        grow(folder, 140)
        out = folder / "site"
        for _ in range(2):  # adding to what is there changes nothing
            with contextlib.suppress(SystemExit):
                export.main([str(out), "--db", str(folder / "braid.db")], standalone_mode=False)
        handler = functools.partial(Quiet, directory=str(out))
        plain = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=plain.serve_forever, args=(0.01,))
        thread.start()
        try:
            with served(folder) as port:
                paths = [tile.path for tile in tiles_of(280)] + ["checkpoint", "vkey"]
                assert len(paths) == 7
                for path in paths:
                    status, _, raw = fetch(plain.server_port, f"/{path}")
                    assert status == 200
                    assert raw == fetch(port, f"{LOG}/{path}")[2]
        finally:
            plain.shutdown()
            thread.join(PATIENCE)
            plain.server_close()

    def test_a_log_that_goes_on_no_more_is_written_by_its_key(self, folder: Path) -> None:
        """For auditors: the server shows only the one that goes on."""
        from braid_clients.cli.log import export

        grow(folder, 2)
        write_keys(folder)
        old = key_in(folder / "braid.db")
        with opened(settings_of(folder, restored=True)) as service:
            assert service.log_vkey != old
        given = ["--db", str(folder / "braid.db")]
        for name, size, log in (("old", 4, ["--log", old]), ("new", 0, [])):
            out = folder / name
            export.main([str(out), *given, *log], standalone_mode=False)
            assert read_checkpoint((out / "checkpoint").read_bytes()).checkpoint.size == size
        assert (folder / "old" / "vkey").read_text() == old + "\n"
        with pytest.raises(Problem, match="no log of this store"):
            export.main([str(folder / "new"), *given, "--log", "other"], standalone_mode=False)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server that lists one witness, over a log of four entries."""
    folder = tmp_path_factory.mktemp("log")
    grow(folder, 2)
    with served(folder, log_witnesses=(WITNESS.public.text,)) as port:
        yield port


def cosigned(port: int, *witnesses: NoteSigner, at: int = SECOND) -> SignedCheckpoint:
    signed = read_checkpoint(fetch(port, f"{LOG}/checkpoint")[2])
    bare = SignedCheckpoint(signed.checkpoint, signed.signatures[:1])
    return bare.with_signatures(*(cosign(one, signed.checkpoint, at) for one in witnesses))


class TestCosignatures:
    def test_that_of_a_listed_witness_is_kept_and_shown(self, folder: Path) -> None:
        grow(folder, 2)
        others = {"log_witnesses": (WITNESS.public.text,)}
        with served(folder, **others, tokens={"one": "secret"}) as port:
            note = cosigned(port, WITNESS, OTHER)
            status, _, raw = fetch(port, f"{LOG}/cosignatures", "POST", note.raw)
            assert (status, json.loads(raw)) == (
                200,
                {"origin": note.checkpoint.origin, "size": 4, "witnesses": ["example.org/witness"]},
            )
            shown = fetch(port, f"{LOG}/checkpoint")[2]
            assert shown == cosigned(port, WITNESS).raw
            # The first time it said so bounds more than a later one.
            again = cosigned(port, WITNESS, at=SECOND + 60)
            assert fetch(port, f"{LOG}/cosignatures", "POST", again.raw)[0] == 200
            assert fetch(port, f"{LOG}/checkpoint")[2] == shown
        with Desk(folder) as desk:
            (proof, *_) = proofs_in(desk.transcript(desk.braids()[0])).values()
            assert proof["proof"].encode().endswith(shown)

    def test_a_proof_is_of_the_checkpoint_that_most_cosigned(self, folder: Path) -> None:
        first, second = grow(folder, 2)
        with Desk(folder) as desk:
            (third,) = (desk.turn(ask("question"), "answer").braid,)

            def size_of(braid: str) -> int:
                return read_log_proof(
                    proofs_in(desk.transcript(braid))["certificate"]["proof"]
                ).signed.checkpoint.size

            def cosign_at(size: int, *witnesses: NoteSigner) -> None:
                head = Checkpoint(
                    desk.log.verifier.name, size, rfc6962.head(entries_in(desk.path)[:size])
                )
                seed = keyfiles.load(key_beside(desk.path), LOG_LABEL)
                signer = NoteSigner(head.origin, seed, SignatureType.NOTE)
                note = sign_checkpoint(signer, head).raw.decode()
                for one in witnesses:
                    line = cosign(one, head, SECOND).line
                    row = CosignatureRow(1, size, one.public.text, note, line)
                    desk.store.submit(
                        functools.partial(Transaction.add_cosignatures, rows=[row])
                    ).result(PATIENCE)

            assert [size_of(b) for b in (first, second, third)] == [5, 5, 5]
            cosign_at(3, WITNESS, OTHER)
            assert [size_of(b) for b in (first, second, third)] == [3, 3, 5]
            cosign_at(4, WITNESS)
            assert [size_of(b) for b in (first, second, third)] == [3, 3, 5]
            cosign_at(4, OTHER)
            assert [size_of(b) for b in (first, second, third)] == [4, 4, 5]
            cosign_at(5, OTHER)
            assert [size_of(b) for b in (first, second, third)] == [4, 4, 5]
            with desk.store.read() as reading:
                kept = [(row.size, row.witness) for row in reading.log.cosignatures(1)]
            # What a larger one says as well is let go of.
            assert {size for size, _ in kept} == {4, 5}

    def test_a_proof_is_of_the_day_on_which_it_was_first_seen(self, folder: Path) -> None:
        """A revocation leaves what was seen before it, so that is what must not be forgotten."""
        first, *others = grow(folder, 4, seal=False)
        with served(folder, log_witnesses=(WITNESS.public.text,)) as port:
            sizes = set()
            for day, braid in enumerate((first, *others)):
                # Which the log grows by.
                assert fetch(port, f"/braid/v1/braids/{braid}/seal", "POST")[0] == 200
                note = cosigned(port, WITNESS, at=SECOND + day * 86_400)
                sizes.add(note.checkpoint.size)
                assert fetch(port, f"{LOG}/cosignatures", "POST", note.raw)[0] == 200
                raw = fetch(port, f"/braid/v1/braids/{first}")[2]
                signed = read_log_proof(proofs_in(raw)["seal"]["proof"]).signed
                times = [int.from_bytes(line.value[:8], "big") for line in signed.signatures[1:]]
                assert times == [SECOND]
            assert len(sizes) == 4

    def test_what_is_handed_in_again_is_not_written_again(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Anyone can, with what the log itself shows: each write is one that others wait for."""
        written: list[list[int]] = []
        add = Transaction.add_cosignatures

        def counting(self: Transaction, rows: Sequence[CosignatureRow]) -> None:
            written.append([row.size for row in rows])
            add(self, rows)

        monkeypatch.setattr(Transaction, "add_cosignatures", counting)
        braids = grow(folder, 3, seal=False)
        both = (WITNESS.public.text, OTHER.public.text)
        with served(folder, log_witnesses=both) as port:

            def hand_in(note: SignedCheckpoint) -> None:
                status, _, raw = fetch(port, f"{LOG}/cosignatures", "POST", note.raw)
                assert status == 200
                assert len(json.loads(raw)["witnesses"]) == len(note.signatures) - 1

            def seal(braid: str) -> None:
                assert fetch(port, f"/braid/v1/braids/{braid}/seal", "POST")[0] == 200

            first = cosigned(port, WITNESS, OTHER)
            hand_in(first)  # of both, at once
            hand_in(first)
            hand_in(cosigned(port, WITNESS, at=SECOND + 60))
            assert written == [[3, 3]]
            seal(braids[0])
            second = cosigned(port, WITNESS, OTHER)
            hand_in(second)  # of the same day: the first is let go of
            for note in (first, second, first):
                hand_in(note)
            assert written == [[3, 3], [4, 4]]
            seal(braids[1])
            third = cosigned(port, WITNESS, at=SECOND + 86_400)
            for note in (third, second, first):
                hand_in(note)
            assert written == [[3, 3], [4, 4], [5]]
        with Desk(folder) as desk, desk.store.read() as reading:
            kept = [row.size for row in reading.log.cosignatures(1)]
        assert kept == [4, 4, 5]

    def test_more_than_one_line_of_the_logs_key_is_refused(self, shared: int) -> None:
        note = cosigned(shared, WITNESS)
        many = SignedCheckpoint(note.checkpoint, (note.signatures[0], *note.signatures))
        status, _, raw = fetch(shared, f"{LOG}/cosignatures", "POST", many.raw)
        assert (status, error_of(raw)) == (
            403,
            "refused: checkpoint: expected one signature of this log's key",
        )

    @pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"not a note\n", b"{}"])
    def test_what_is_no_note_is_refused(self, shared: int, body: bytes) -> None:
        status, _, raw = fetch(shared, f"{LOG}/cosignatures", "POST", body)
        assert status == 403 and error_of(raw).startswith("refused: note: ")

    def test_more_than_a_note_can_be_is_not_read(self, shared: int) -> None:
        status, _, raw = fetch(shared, f"{LOG}/cosignatures", "POST", b"x" * 200_000)
        assert status == 413 and error_of(raw).startswith("too_large")

    def test_signatures_are_checked_beside_the_loop(
        self, shared: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever hands in notes by the dozen holds up no other request."""
        beside: list[bool] = []

        def checking(*given: Any) -> bool:
            beside.append(asyncio._get_running_loop() is None)
            return is_signed(*given)

        monkeypatch.setattr(log_face, "is_signed", checking)
        note = cosigned(shared, OTHER)
        assert fetch(shared, f"{LOG}/cosignatures", "POST", note.raw)[0] == 403
        assert beside == [True]

    def test_that_of_another_is_refused(self, shared: int) -> None:
        note = cosigned(shared, OTHER)
        status, _, raw = fetch(shared, f"{LOG}/cosignatures", "POST", note.raw)
        assert status == 403
        assert error_of(raw) == "refused: no cosignature of a witness that this log lists"
        assert b"other" not in fetch(shared, f"{LOG}/checkpoint")[2]

    def test_one_that_does_not_verify_is_refused(self, shared: int) -> None:
        note = cosigned(shared, WITNESS)
        line = note.signatures[1]
        for value in (
            line.value[:-1] + bytes([line.value[-1] ^ 1]),
            line.value[:7] + bytes([line.value[7] ^ 1]) + line.value[8:],  # its time
            line.value[:-1],
        ):
            changed = SignedCheckpoint(
                note.checkpoint, (note.signatures[0], replace(line, value=value))
            )
            status, _, raw = fetch(shared, f"{LOG}/cosignatures", "POST", changed.raw)
            assert status == 403 and "cosignature of a witness" in error_of(raw)
        assert b"witness" not in fetch(shared, f"{LOG}/checkpoint")[2]

    def test_a_checkpoint_that_this_log_did_not_sign_is_refused(self, shared: int) -> None:
        origin = cosigned(shared).checkpoint.origin
        stranger = NoteSigner(origin, secrets.token_bytes(32), SignatureType.NOTE)
        head = Checkpoint(origin, 4, bytes(32))
        note = sign_checkpoint(stranger, head).with_signatures(cosign(WITNESS, head, SECOND))
        status, _, raw = fetch(shared, f"{LOG}/cosignatures", "POST", note.raw)
        assert status == 403 and "expected one signed by" in error_of(raw)

    @pytest.mark.parametrize(("size", "root"), [(4, bytes(32)), (5, bytes(32)), (3, bytes(32))])
    def test_a_tree_that_this_key_signed_and_the_store_has_not_is_a_fork_and_said(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        size: int,
        root: bytes,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        folder = tmp_path_factory.mktemp("forked")
        grow(folder, 2)
        seed = keyfiles.load(folder / "braid.db.log.key", LOG_LABEL)
        with served(folder, log_witnesses=(WITNESS.public.text,)) as port:
            origin = cosigned(port).checkpoint.origin
            head = Checkpoint(origin, size, root)
            signer = NoteSigner(origin, seed, SignatureType.NOTE)
            note = sign_checkpoint(signer, head).with_signatures(cosign(WITNESS, head, SECOND))
            status, _, raw = fetch(port, f"{LOG}/cosignatures", "POST", note.raw)
        assert status == 409 and error_of(raw).startswith("forked: ")
        assert f"event=log_forked origin={origin} size={size}" in caplog.text

    @pytest.mark.parametrize(
        "key", ["", "nonsense", "example.org/log+00000000+AAAA", "of a log", "too many"]
    )
    def test_a_witness_that_cannot_be_one_is_refused_at_the_start(
        self, folder: Path, key: str
    ) -> None:
        of_a_log = NoteSigner("example.org/log", bytes(32), SignatureType.NOTE).public.text
        keys: tuple[str, ...] = (of_a_log if key == "of a log" else key,)
        if key == "too many":
            keys = (WITNESS.public.text,) * 33
        with (
            pytest.raises(Misconfigured, match="log-witness: "),
            opened(settings_of(folder, log_witnesses=keys)),
        ):
            pass


def test_every_proof_holds_for_its_entry_by_the_package_too(folder: Path) -> None:
    braids = grow(folder, 20)
    entries = entries_in(folder / "braid.db")
    with Desk(folder, clock=Clock()) as desk:
        for braid in braids:
            for proof in proofs_in(desk.transcript(braid)).values():
                read = read_log_proof(proof["proof"])
                check_log_proof(read, entries[read.index])
                if read_entry(entries[read.index]).kind is EntryKind.SEAL:
                    assert read_header(read_entry(entries[read.index]).h).braid == braid


def test_a_store_without_keys_shows_its_log(folder: Path) -> None:
    grow(folder, 2)
    for name in ("root.key", "wrapping.key", "braid.db.log.key"):
        (folder / name).unlink(missing_ok=True)
    shutil.copy(folder / "braid.db", folder / "copy.db")
    store = Store(str(folder / "copy.db"), writable=False)
    try:
        with store.read() as reading:
            (log,) = reading.log.logs()
        assert dict(files(store, log, lambda path: False))["checkpoint"] == log.checkpoint.encode()
    finally:
        store.close()


def test_what_was_cosigned_of_old_is_not_read_for_the_newest_and_for_a_proof(folder: Path) -> None:
    """It stays for good, a row a witness a day, and whoever asks needs no token."""
    grow(folder, 2)
    with Desk(folder) as desk:
        log, entries = desk.log, entries_in(desk.path)
        signer = NoteSigner(
            log.verifier.name, keyfiles.load(key_beside(desk.path), LOG_LABEL), SignatureType.NOTE
        )
        for day, size in enumerate((2, 3, 4)):
            head = Checkpoint(signer.public.name, size, rfc6962.head(entries[:size]))
            note = sign_checkpoint(signer, head)
            for witness in (WITNESS, OTHER)[: size - 1]:
                line = cosign(witness, head, SECOND + day * 86_400).line
                row = CosignatureRow(1, size, witness.public.text, note.raw.decode(), line)
                add = functools.partial(Transaction.add_cosignatures, rows=[row])
                desk.store.submit(add).result(PATIENCE)
        with contextlib.closing(sqlite3.connect(desk.path)) as plain:
            asked: list[str] = []
            plain.set_trace_callback(asked.append)
            reading = LogReading(plain)
            shown = reading.logs()[0]
            newest_of = newest(reading, shown).checkpoint.size
            best = covering(reading, shown, 0)
        assert (newest_of, best.checkpoint.size, len(best.signatures)) == (4, 3, 3)
        whole = [query for query in asked if "line FROM cosignature" in query]
        assert len(whole) == 2 and all("AND size = " in query for query in whole)


def test_keeping_a_log_twice_is_keeping_it_once(folder: Path) -> None:
    with Desk(folder) as desk:
        again = keep_log(desk.store, LogSettings(), START)
        assert again == desk.log
