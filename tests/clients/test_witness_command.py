"""`braid witness`: a process of its own watches a real server, cosigns, and catches a log that forks."""

from __future__ import annotations

import base64
import fcntl
import functools
import http.server
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from braid.checkpoint import SignedCheckpoint, cosigned_at, is_signed, read_checkpoint
from braid.note import NoteSigner, SignatureType, VerifierKey, read_verifier_key
from braid_clients import Braid
from braid_server.service import Settings, running
from braid_verifier import Answer, ClaimName, Policy, Result, verify
from fakes.desk import ROOT, Desk, write_keys
from fakes.logs import entries_in, grow, key_in
from fakes.refusing import refusing
from fakes.upstream import PATIENCE
from format import rfc6962

Json = dict[str, Any]
MAIN = (sys.executable, "-m", "braid_clients.cli")


@dataclass(frozen=True, slots=True)
class Ended:
    """A run of the command."""

    code: int
    out: str
    err: str


def environment(home: Path) -> dict[str, str]:
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("BRAID_", "XDG_"))}
    kept = {name: v for name, v in kept.items() if not name.lower().endswith("_proxy")}
    return {**kept, "HOME": str(home)}


class Witness:
    """Whoever runs the command, with a home of their own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(exist_ok=True)

    def __call__(self, url: str, *options: str, main: tuple[str, ...] = MAIN) -> Ended:
        command = [*main, "witness", url, "--once", *options]
        done = subprocess.run(
            command,
            check=False,
            env=environment(self.home),
            capture_output=True,
            timeout=PATIENCE,
            text=True,
        )
        assert "Traceback" not in done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    @property
    def folder(self) -> Path:
        return self.home / ".local/share/braid"

    @property
    def memory(self) -> Path:
        (found,) = (self.folder / "witness").glob("*.json")
        return found

    def remembers(self) -> SignedCheckpoint:
        return read_checkpoint(json.loads(self.memory.read_bytes())["checkpoint"].encode())

    def evidence(self) -> list[Json]:
        return [
            json.loads(path.read_bytes()) for path in (self.folder / "witness").glob("*.fork-*")
        ]

    def key(self) -> VerifierKey:
        """Its verifier key, which it says on each run."""
        with refusing() as port:
            said = self(f"http://127.0.0.1:{port}", "--state", str(self.home / "nothing")).err
        (line,) = (line for line in said.splitlines() if "you are " in line)
        return read_verifier_key(line.rpartition("you are ")[2], SignatureType.COSIGNATURE)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(tmp_path / "home")


@contextmanager
def served(folder: Path, *listed: VerifierKey, port: int = 0) -> Iterator[str]:
    write_keys(folder)
    keys = (folder / "root.key", folder / "wrapping.key")
    witnesses = tuple(key.text for key in listed)
    with running(
        Settings(str(folder / "braid.db"), *keys, port=port, log_witnesses=witnesses)
    ) as url:
        yield url


def checkpoint_at(url: str) -> SignedCheckpoint:
    from braid_clients.log_source import LogSource

    return LogSource(url).checkpoint()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


def test_a_log_that_grows_is_cosigned_each_time(store: Path, witness: Witness) -> None:
    key = witness.key()
    for times in range(1, 4):
        grow(store, 2)
        vkey = key_in(store / "braid.db")
        begun = int(time.time())
        with served(store, key) as url:
            ran = witness(url, "--log", vkey, "--state", str(witness.home / "state"))
            assert ran.code == 0, ran.err
            signed = checkpoint_at(url)
        entries = entries_in(store / "braid.db")
        root = base64.b64encode(rfc6962.head(entries)).decode()
        assert len(entries) == 4 * times
        assert ran.out == f"{vkey.partition('+')[0]} {4 * times} {root}\n"
        assert "TRUSTED ON FIRST USE" not in ran.err
        at = cosigned_at(signed, key)
        assert at is not None and begun <= at <= time.time()
    # Nothing new is nothing to say.
    with served(store, key) as url:
        again = witness(url, "--state", str(witness.home / "state"))
    assert (again.code, again.out) == (0, "")


def test_a_transcript_proves_that_it_was_logged_and_witnessed(
    store: Path, witness: Witness
) -> None:
    (braid,) = grow(store, 1)
    log, key = key_in(store / "braid.db"), witness.key()
    begun = int(time.time())
    with served(store, key) as url:
        assert witness(url).code == 0
        policy = Policy(require={"logged", "witnessed"})
        pinned: Json = {"roots": [ROOT.text], "logs": [log]}
        with Braid(url, **pinned, witnesses=[key.text], policy=policy) as reader:
            reader.report(braid).require()
        with Braid(url, **pinned, policy=policy) as reader:
            assert reader.report(braid).unmet == ("witnessed",)
    with Desk(store) as desk:
        transcript = desk.transcript(braid)
    other = NoteSigner("example.org/other", bytes(32), SignatureType.COSIGNATURE).public.text
    good = verify(transcript, policy, **pinned, witnesses=[key.text, other])
    assert good.result is Result.VERIFIED, good.findings
    assert good.claims[ClaimName.LOGGED].answer is Answer.YES
    assert good.claims[ClaimName.WITNESSED].answer is Answer.YES
    assert [place.of for place in good.logs] == ["certificate", "seal"]
    for place in good.logs:
        (cosignature,) = place.cosignatures
        assert (place.size, place.log, cosignature.witness) == (2, log, key.text)
        assert begun <= datetime.fromisoformat(cosignature.time).timestamp() <= time.time()
    for witnesses, quorum in (([other], 1), ([key.text, other], 2)):
        asked = replace(policy, quorum=quorum)
        bad = verify(transcript, asked, **pinned, witnesses=witnesses)
        assert bad.result is Result.UNMET
        assert bad.claims[ClaimName.WITNESSED].answer is Answer.NO
    # Cut off, the seal takes its proof with it.
    file = json.loads(transcript)
    file["nodes"].pop()
    cut = verify(json.dumps(file).encode(), policy, **pinned, witnesses=[key.text])
    assert cut.result is Result.FAILED


def test_a_key_taken_from_the_server_is_said_loudly_and_kept(store: Path, witness: Witness) -> None:
    grow(store, 1)
    vkey = key_in(store / "braid.db")
    with served(store, witness.key()) as url:
        assert f"TRUSTED ON FIRST USE: {vkey}" in witness(url).err
        assert "TRUSTED" not in witness(url).err
        refused = witness(url, "--log", vkey.replace("braid/log", "braid/lag"))
        assert (
            refused.code == 2 and "--log: log key, line 1: verifier key: the key id" in refused.err
        )
        other = NoteSigner(vkey.partition("+")[0], bytes(32), SignatureType.NOTE).public.text
        refused = witness(url, "--log", other)
        assert refused.code == 2 and "not signed by" in refused.err
        state = str(witness.memory)
        refused = witness(url, "--log", other, "--state", state)
        assert refused.code == 2 and "remembers" in refused.err
        another = witness.key().text
        assert witness(url, "--log", another).code == 2


def test_the_log_is_named_by_a_file_too(store: Path, witness: Witness) -> None:
    grow(store, 1)
    vkey = key_in(store / "braid.db")
    file = witness.home / "log"
    file.write_text(f"# theirs\n{vkey} a label\n")
    with served(store, witness.key()) as url:
        ran = witness(url, "--log", str(file))
        assert ran.code == 0 and "TRUSTED ON FIRST USE" not in ran.err
        other = NoteSigner("other", bytes(32), SignatureType.NOTE).public.text
        file.write_text(f"{vkey}\n{other}\n")
        several = witness(url, "--log", str(file))
    assert several.code == 2 and "expected the key of one log, got 2" in several.err
    nowhere = witness("http://127.0.0.1:9", "--log", str(witness.home / "nowhere"))
    assert nowhere.code == 2 and "--log: " in nowhere.err and "nor a file" in nowhere.err


@pytest.mark.parametrize("damage", [b"", b"\n", b"\xff"])
def test_a_name_that_is_lost_is_not_made_up_again(witness: Witness, damage: bytes) -> None:
    key = witness.key()
    file = witness.folder / "witness.key.name"
    assert file.read_text() == f"{key.name}\n"
    file.write_bytes(damage)
    for options in ([], ["--name", "example.org/other"]):
        ran = witness("http://127.0.0.1:9", *options)
        assert ran.code == 2 and f"{file}: expected" in ran.err and "you are" not in ran.err
    assert file.read_bytes() == damage


def test_a_witness_that_is_not_listed_is_told_what_to_do(store: Path, witness: Witness) -> None:
    grow(store, 1)
    with served(store) as url:
        ran = witness(url)
        assert len(checkpoint_at(url).signatures) == 1
    assert (ran.code, ran.out) == (2, "")
    assert "the cosignature was not taken" in ran.err
    assert f"--log-witness {witness.key().text}" in ran.err
    assert witness.remembers().checkpoint.size == 2


def test_key_and_memory_are_the_witness_own(store: Path, witness: Witness) -> None:
    grow(store, 1)
    key = witness.key()
    assert key.name.startswith("braid/witness-")
    with served(store, key) as url:
        assert witness(url).code == 0
        assert witness(url, "--name", "example.org/w").code == 2  # it is called otherwise
        named = witness(url, "--key", str(witness.home / "w.key"), "--name", "example.org/w")
        assert "you are example.org/w+" in named.err
        wrong = witness(url, "--key", str(witness.home / "x.key"), "--name", "a b")
        assert wrong.code == 2 and "--name: key name" in wrong.err
    file = witness.folder / "witness.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(witness.memory.stat().st_mode) == 0o600
    assert file.read_text().startswith("braid-witness-key/1 ")
    # Whoever vouched for a log must not begin anew as if they had not.
    witness.memory.write_bytes(b"{}")
    with served(store, key) as url:
        assert "not what a witness remembers" in witness(url).err


@pytest.mark.parametrize("apart", ["same size", "larger"])
def test_a_log_that_forks_is_caught(store: Path, witness: Witness, apart: str) -> None:
    """For real: the store is copied, both copies go on, and the other one is served."""
    grow(store, 3)
    key = witness.key()
    copy = store.with_name("copy")
    with served(store, key) as url:
        port = int(url.rpartition(":")[2])
        assert witness(url).code == 0
    shutil.copytree(store, copy)
    grow(store, 3)
    grow(copy, {"same size": 3, "larger": 5}[apart])
    with served(store, key, port=port) as url:
        assert witness(url).code == 0
        vouched = checkpoint_at(url)
    with served(copy, key, port=port) as url:
        caught = witness(url)
        other = checkpoint_at(url)
        again = witness(url)
    assert (caught.code, caught.out, again.code) == (1, "", 1)
    assert "FORK" in caught.err and "nothing was cosigned" in caught.err
    assert cosigned_at(vouched, key) is not None and cosigned_at(other, key) is None
    # It goes on remembering the one it vouched for.
    assert witness.remembers().checkpoint == vouched.checkpoint
    # Seen twice, it is one piece of evidence.
    (first,) = witness.evidence()
    assert str(witness.memory) in caught.err
    log = read_verifier_key(first["log"], SignatureType.NOTE)
    shown = [read_checkpoint(first[name].encode()) for name in ("remembered", "served")]
    assert all(is_signed(one, log) for one in shown)
    assert [one.checkpoint for one in shown] == [vouched.checkpoint, other.checkpoint]
    # The honest one is still followed.
    with served(store, key, port=port) as url:
        assert witness(url).code == 0


def test_a_log_that_is_rolled_back_is_not_cosigned_and_caught_once_it_goes_on(
    store: Path, witness: Witness
) -> None:
    grow(store, 2)
    key, copy = witness.key(), store.with_name("copy")
    shutil.copytree(store, copy)
    grow(store, 1)
    with refusing() as port:
        with served(store, key, port=port) as url:
            assert witness(url).code == 0
        with served(copy, key, port=port) as url:
            ran = witness(url)
            assert (ran.code, ran.out) == (2, "") and "has 4 entries, and had 6" in ran.err
            assert cosigned_at(checkpoint_at(url), key) is None
        assert witness.remembers().checkpoint.size == 6 and not witness.evidence()
        grow(copy, 2)
        with served(copy, key, port=port) as url:
            assert witness(url).code == 1
    assert len(witness.evidence()) == 1


def test_a_server_with_another_log_is_no_fork_and_what_helps_is_told(
    store: Path, witness: Witness
) -> None:
    grow(store, 1)
    key, state = witness.key(), ("--state", str(witness.home / "state"))
    with served(store) as url:
        port = int(url.rpartition(":")[2])
        witness(url)
        witness(url, *state)
    other = store.with_name("other")
    grow(other, 1)
    helps = "name the key that they publish for it: --log VKEY"
    with served(other, key, port=port) as url:
        ran = witness(url)
        assert ran.code == 2 and "not signed by" in ran.err and ran.err.endswith(f"{helps}\n")
        in_file = witness(url, *state)
        assert in_file.code == 2 and in_file.err.endswith(f"{helps} and another --state FILE\n")
        assert witness.evidence() == []
        named = ("--log", key_in(other / "braid.db"))
        refused = witness(url, *named, *state)
        assert refused.code == 2 and "another log is remembered in another file" in refused.err
        assert witness(url, *named).code == 0


KILLED = """
import os, signal, sys
import braid_clients.witness as witness
def cosign(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)
witness.cosign = cosign
from braid_clients.cli import main
sys.exit(main())
"""


def test_one_killed_before_it_cosigned_remembers_and_cosigns_next(
    store: Path, witness: Witness
) -> None:
    key = witness.key()
    grow(store, 1)
    smaller = store.with_name("smaller")
    shutil.copytree(store, smaller)
    grow(store, 1)
    with refusing() as port:  # one address for all of them
        with served(store, key, port=port) as url:
            killed = witness(url, main=(sys.executable, "-c", KILLED))
            assert killed.code == -signal.SIGKILL
            assert witness.remembers().checkpoint == checkpoint_at(url).checkpoint
            assert cosigned_at(checkpoint_at(url), key) is None
        # What it was killed over binds it, though nobody has its word.
        with served(smaller, key, port=port) as url:
            ran = witness(url)
            assert ran.code == 2 and "has 2 entries, and had 4" in ran.err
        with served(store, key, port=port) as url:
            assert witness(url).code == 0
            assert cosigned_at(checkpoint_at(url), key) is not None


def test_it_goes_on_through_trouble_and_stops_when_told(store: Path, witness: Witness) -> None:
    key = witness.key()
    grow(store, 1)
    with ExitStack() as stack:
        port = stack.enter_context(refusing())
        process = stack.enter_context(
            subprocess.Popen(
                [*MAIN, "witness", f"http://127.0.0.1:{port}", "--every", "1s"],
                env=environment(witness.home),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        stack.callback(process.kill)
        limit = threading.Timer(PATIENCE, process.kill)  # then there is no more to read
        limit.start()
        stack.callback(limit.cancel)
        assert process.stderr is not None and process.stdout is not None
        assert any("connection refused" in line for line in process.stderr)
        with served(store, key, port=port):
            assert process.stdout.readline().split()[1] == "2"
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    "url", ["", "ftp://x/", "file:///etc", "http://", "http://u:p@x/", "http://x:port/", "x"]
)
def test_what_is_no_address_is_said(witness: Witness, url: str) -> None:
    ran = witness(url)
    assert ran.code == 2 and "expected an address like https://HOST/braid/log" in ran.err


class Strange(http.server.BaseHTTPRequestHandler):
    """A server that answers everything in one way."""

    answer: tuple[int, bytes] = (200, b"")

    def do_GET(self) -> None:
        status, body = self.answer
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.parametrize(
    "answer",
    [
        (200, b""),
        (200, b"\xff" * 10),
        (200, b"x" * 200_000),
        (404, b"{}"),
        (500, b'{"error": {"message": 5}}'),
        (503, b"[]"),
    ],
)
def test_a_server_that_is_no_log_is_said(witness: Witness, answer: tuple[int, bytes]) -> None:
    handler = type("Handler", (Strange,), {"answer": answer})
    with strange(handler) as url:
        ran = witness(url)
    assert ran.code == 2 and ran.err.count("\n") == 2


@contextmanager
def strange(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(PATIENCE)
        server.server_close()


def test_plain_files_are_a_log_too_and_tiles_that_do_not_fit_are_not(
    store: Path, witness: Witness
) -> None:
    grow(store, 2)
    site = store.with_name("site")
    db = str(store / "braid.db")
    exported = subprocess.run(
        [*MAIN, "log", "export", str(site), "--db", db],
        check=False,
        capture_output=True,
        timeout=PATIENCE,
    )
    assert exported.returncode == 0, exported.stderr

    class Files(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with strange(functools.partial(Files, directory=str(site))) as url:  # type: ignore[arg-type]
        ran = witness(f"{url}/")
        # It is served at its root, which an address with a path of its own would name.
        assert ran.code == 2
    with strange(functools.partial(Files, directory=str(site.parent))) as url:  # type: ignore[arg-type]
        ran = witness(f"{url}/site")
        assert ran.code == 2 and "not taken" in ran.err  # files take nothing
        kept = read_checkpoint(Path(f"{witness.memory}.cosigned").read_bytes())
        assert cosigned_at(kept, witness.key()) is not None
        assert witness.remembers().checkpoint.size == 4
        tile = site / "tile/0/000.p/4"
        tile.write_bytes(bytes(128))
        spoilt = witness(f"{url}/site", "--state", str(witness.home / "new"))
        assert spoilt.code == 2 and "not those of the checkpoint" in spoilt.err
        tile.unlink()
        assert "404" in witness(f"{url}/site", "--state", str(witness.home / "new")).err


def test_two_that_look_at_once_take_turns(store: Path, witness: Witness) -> None:
    """Else one could remember an older checkpoint over a newer one that the other vouched for."""
    grow(store, 1)
    vkey = key_in(store / "braid.db")
    lock = witness.home / "state.lock"
    held: list[bool] = []

    class Handler(Strange):
        def do_GET(self) -> None:
            with lock.open("rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    held.append(False)
                except BlockingIOError:
                    held.append(True)
            super().do_GET()

    with strange(Handler) as url:
        witness(url, "--log", vkey, "--state", str(witness.home / "state"))
    assert held == [True]


def test_one_log_at_two_addresses_is_one_memory(store: Path, witness: Witness) -> None:
    grow(store, 1)
    key = witness.key()
    copy = store.with_name("copy")
    shutil.copytree(store, copy)
    grow(store, 1)
    grow(copy, 1)
    with served(store, key) as url:
        assert witness(url).code == 0
    with served(copy, key) as elsewhere:
        assert elsewhere != url
        assert witness(elsewhere).code == 1
