"""`braid timestamp`: a real authority (OpenSSL's) on a real socket stamps a seal, and verify checks it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from braid_clients.pins import Pins
from braid_verifier import Policy
from braid_verifier.timestamps import Authorities
from fakes.authority import Authority, stamping

VECTORS = Path(__file__).parent.parent / "vectors" / "transcripts"
ROOT = "wRytM4-oISZwa-brfANNHBLqvgIX6dSnDAdWvMAN7jM"  # SPEC §0
pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path / "authority")
    (tmp_path / "authority.pem").write_bytes(made.root)
    return made


@pytest.fixture
def url(authority: Authority) -> Iterator[str]:
    with stamping(authority) as url:
        yield url


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    target = tmp_path / "sealed.braid.json"
    shutil.copy(VECTORS / "sealed.json", target)
    return target


@pytest.mark.parametrize("name", ["stamped.braid.json", "stamped.braid.jsonl"])
def test_a_stamped_seal_is_timestamped(
    home: Any, tmp_path: Path, sealed: Path, url: str, name: str
) -> None:
    pem, out = tmp_path / "authority.pem", tmp_path / name
    ran = home.braid(
        "timestamp", str(sealed), "--tsa", url, "--authority", str(pem), "-o", str(out)
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("the seal was seen by 20")
    asked = ("verify", str(out), "--root", ROOT, "--require", "timestamped")
    assert home.braid(*asked, "--authority", str(pem)).returncode == 0
    policy = Policy(require={"timestamped"})
    believed = Pins.of([ROOT], None, None, Authorities([pem.read_bytes()]), None, policy.quorum)
    believed.report(out.read_bytes(), policy).require()
    ran = home.braid(*asked)
    assert ran.returncode == 3 and "timestamped: not checked, no timestamp authority" in ran.stdout
    (tmp_path / "other.pem").write_bytes(Authority(tmp_path / "other", "other").root)
    ran = home.braid(*asked, "--authority", str(tmp_path / "other.pem"))
    assert ran.returncode == 3 and "timestamped: no, " in ran.stdout


def test_a_timestamp_of_another_seal_fails(
    home: Any, tmp_path: Path, sealed: Path, url: str
) -> None:
    pem, out = tmp_path / "authority.pem", tmp_path / "stamped.braid.json"
    home.braid("timestamp", str(sealed), "--tsa", url, "--authority", str(pem), "-o", str(out))
    (proof,) = json.loads(out.read_bytes())["proofs"]
    other = json.loads((VECTORS / "seal-over-flags.json").read_bytes())
    out.write_text(json.dumps({**other, "proofs": [proof]}))
    ran = home.braid("verify", str(out), "--allow-unknown-signer", "--authority", str(pem))
    assert ran.returncode == 1 and "E_PROOF: proofs[0]: timestamp: not of this seal" in ran.stdout


def test_what_is_open_or_changed_is_not_stamped(home: Any, tmp_path: Path, url: str) -> None:
    pem = tmp_path / "authority.pem"
    whole = json.loads((VECTORS / "sealed.json").read_bytes())
    file = tmp_path / "x.braid.json"
    changed = [{**whole["nodes"][0], "text": "other"}, *whole["nodes"][1:]]
    for nodes, said in (
        (whole["nodes"][:-1], "expected a sealed braid"),
        (changed, "what does not verify is not stamped"),
    ):
        file.write_text(json.dumps({**whole, "nodes": nodes}))
        out = tmp_path / "out.json"
        ran = home.braid(
            "timestamp", str(file), "--tsa", url, "--authority", str(pem), "-o", str(out)
        )
        assert ran.returncode == 2 and said in ran.stderr
        assert not out.exists()


def test_an_answer_of_another_authority_is_refused(
    home: Any, tmp_path: Path, sealed: Path, url: str
) -> None:
    (tmp_path / "other.pem").write_bytes(Authority(tmp_path / "other", "other").root)
    ran = home.braid(
        "timestamp", str(sealed), "--tsa", url,
        "--authority", str(tmp_path / "other.pem"), "-o", str(tmp_path / "out.json"),
    )  # fmt: skip
    assert ran.returncode == 2 and "does not verify under the certificates" in ran.stderr
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (500, lambda _: b"", "expected status 200, got 500"),
        (200, lambda _: b"<html>", "what it answered is no timestamp"),
        (200, lambda _: b"x" * 70_000, "expected at most 65536 bytes"),
        (200, lambda old: old, "its answer is to another request"),
    ],
)
def test_what_is_no_timestamp_is_told(
    home: Any,
    tmp_path: Path,
    sealed: Path,
    authority: Authority,
    status: int,
    body: Callable[[bytes], bytes],
    said: str,
) -> None:
    from rfc3161_client import TimestampRequestBuilder

    old = authority.answer(TimestampRequestBuilder().data(b"older").build().as_bytes())

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body(old))

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        ran = home.braid(
            "timestamp", str(sealed), "--tsa", f"http://127.0.0.1:{server.server_port}/",
            "--authority", str(tmp_path / "authority.pem"), "-o", str(tmp_path / "out.json"),
        )  # fmt: skip
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert ran.returncode == 2 and said in ran.stderr and "Traceback" not in ran.stderr


def test_bad_options_are_told(home: Any, tmp_path: Path, sealed: Path) -> None:
    pem = tmp_path / "bad.pem"
    pem.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    out = ("-o", str(tmp_path / "out.json"))
    for options, said in (
        (
            ("--tsa", "http://127.0.0.1:1/", "--authority", str(pem)),
            f"--authority {pem}: expected certificates as PEM",
        ),
        (("--tsa", "http://127.0.0.1:1/", "--authority", "/nowhere.pem"), "does not exist"),
    ):
        ran = home.braid("timestamp", str(sealed), *options, *out)
        assert ran.returncode == 2 and said in ran.stderr, ran.stderr
    fine = tmp_path / "fine.pem"
    fine.write_bytes(Authority(tmp_path / "fine").root)
    both = ("--authority", str(fine), "--authority", str(pem))
    ran = home.braid("verify", str(sealed), "--root", ROOT, *both)
    assert ran.returncode == 2
    assert ran.stderr == f"braid: --authority {pem}: expected certificates as PEM or one as DER\n"
    pem.write_bytes(fine.read_bytes())
    ran = home.braid(
        "timestamp", str(sealed), "--tsa", "http://127.0.0.1:1/", "--authority", str(pem), *out
    )
    assert ran.returncode == 2 and "no answer" in ran.stderr
