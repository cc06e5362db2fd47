"""`braid keys revoke`, and what is told others: they heed it once they know."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from braid.note import NoteSigner, SignatureType
from braid.signing import SecretKey
from braid_server.store import Store
from fakes.desk import ROOT, write_keys
from fakes.logs import grow


@pytest.fixture
def told(home: Any) -> Any:
    """A user with a root key."""
    home.braid("keys", "init")
    return home


def recorded(home: Any, name: str = "talk") -> Path:
    """Record a conversation under this user's root, and give its transcript a name."""
    ran = home.braid("demo")
    assert ran.returncode == 0, ran.stderr
    made: Path = home.folder / "braid-demo.braid.json"
    return made.rename(made.with_name(f"{name}.braid.json"))


def code(ran: Any) -> tuple[int, bool]:
    return ran.returncode, "E_REVOKED" in ran.stdout


def test_whoever_is_told_refuses_and_whoever_is_not_does_not(told: Any, tmp_path: Path) -> None:
    file = recorded(told)
    root = told.braid("keys", "show").stdout.strip()
    assert told.braid("verify", file).returncode == 0
    ran = told.braid("keys", "revoke", root, "--reason", "stolen", "--from", "2026-01-01")
    assert ran.returncode == 0 and "stolen" in ran.stderr
    (line,) = ran.stdout.splitlines()
    assert json.loads(json.loads(line)["h"])["from"] == "2026-01-01T00:00:00.000Z"
    assert code(told.braid("verify", file)) == (1, True)
    other = type(told)(tmp_path / "other")
    other.folder.mkdir()
    said = other.folder / "said"
    said.write_text(ran.stdout)
    assert code(other.braid("verify", file, "--root", root)) == (0, False)
    assert code(other.braid("verify", file, "--root", root, "--statements", said)) == (1, True)
    ran = other.braid("keys", "trust", said)
    assert ran.returncode == 0 and "1 revocation" in ran.stderr and "1 of them new" in ran.stderr
    assert "0 of them new" in other.braid("keys", "trust", said).stderr
    assert code(other.braid("verify", file, "--root", root)) == (1, True)


def test_whoever_pinned_the_old_root_is_told_of_the_new_one_apart(
    told: Any, tmp_path: Path
) -> None:
    old = told.braid("keys", "show").stdout.strip()
    told.braid("keys", "rotate")
    file = recorded(told)
    assert told.braid("verify", file, "--root", old).returncode == 0
    raw = json.loads(file.read_bytes())
    del raw["proofs"]
    file.write_text(json.dumps(raw))
    rotations = told.data / "root.key.rotations"
    assert told.braid("verify", file, "--root", old).returncode == 3
    assert told.braid("verify", file, "--root", old, "--statements", rotations).returncode == 0
    assert told.braid("keys", "trust", rotations).returncode == 0
    assert told.braid("verify", file, "--root", old).returncode == 0


def test_the_new_root_revokes_the_old_one(told: Any) -> None:
    file = recorded(told)
    old = told.braid("keys", "show").stdout.strip()
    new = told.braid("keys", "rotate").stdout.strip()
    ran = told.braid("keys", "revoke", old, "--reason", "lost")
    kinds = [json.loads(line)["type"] for line in ran.stdout.splitlines()]
    assert ran.returncode == 0 and kinds == ["rotation", "revocation"]
    assert code(told.braid("verify", file, "--root", old)) == (1, True)
    # The new one goes on.
    assert told.braid("verify", recorded(told, "later"), "--root", new).returncode == 0


@pytest.mark.parametrize("reason", ["lost", "stolen"])
def test_a_root_that_handed_over_revokes_the_one_it_came_to(
    told: Any, tmp_path: Path, reason: str
) -> None:
    old = told.braid("keys", "show").stdout.strip()
    new = told.braid("keys", "rotate").stdout.strip()
    file = recorded(told)
    (told.data / "root.key").unlink()
    theirs = ("--root-key", told.data / "root.key.1")
    ran = told.braid("keys", "revoke", new, "--reason", reason, *theirs)
    assert ran.returncode == 0, ran.stderr
    # It stands beside the key that is gone, where the root that comes next publishes it.
    assert str(told.data / "root.key.revocations") in ran.stderr
    assert not (told.data / "root.key.1.revocations").exists()
    assert code(told.braid("verify", file)) == (1, True)
    other = type(told)(tmp_path / "other")
    other.folder.mkdir()
    assert other.braid("verify", file, "--root", old).returncode == 0
    (other.folder / "said").write_text(ran.stdout)
    assert other.braid("keys", "trust", "said").returncode == 0
    assert code(other.braid("verify", file, "--root", old)) == (1, True)
    assert told.braid("keys", "init").returncode == 0
    statements = told.braid("keys", "revoke", old, "--reason", "lost", *theirs).stdout
    kinds = [json.loads(line)["type"] for line in statements.splitlines()]
    assert kinds == ["rotation", "revocation", "revocation"]
    assert "was revoked" in told.braid("keys", "show", *theirs).stderr


def test_a_braid_of_another_root_is_not_revoked(told: Any, tmp_path: Path) -> None:
    (theirs,) = grow(tmp_path, 1)
    ran = told.braid("keys", "revoke", theirs, "--reason", "stolen", "--db", tmp_path / "braid.db")
    assert ran.returncode == 2 and not ran.stdout
    assert f"certified by {ROOT.text}, and " in ran.stderr and "--root-key FILE" in ran.stderr
    assert not (told.data / "root.key.revocations").exists()
    write_keys(tmp_path)
    ran = told.braid(
        "keys", "revoke", theirs, "--reason", "stolen", "--db", tmp_path / "braid.db",
        "--root-key", tmp_path / "root.key",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("command", [("run", "true"), ("demo",), ("serve", "--port", "0")])
def test_with_a_revoked_root_nothing_is_begun(told: Any, command: tuple[str, ...]) -> None:
    root = told.braid("keys", "show").stdout.strip()
    told.braid("keys", "revoke", root, "--reason", "retired")
    ran = told.braid(*command)
    assert ran.returncode == 2 and "was revoked" in ran.stderr
    # What it says to do helps.
    (told.data / "root.key").rename(told.data / "root.key.old")
    assert told.braid("keys", "init").returncode == 0
    assert told.braid("run", "true").returncode == 0


def test_a_revoked_root_is_marked_wherever_it_is_shown(told: Any) -> None:
    file = recorded(told)
    root = told.braid("keys", "show").stdout.strip()
    told.braid("keys", "trust", root, "--label", "me")
    assert "revoked" not in told.braid("keys", "list").stdout
    said = told.folder / "said"
    said.write_text(told.braid("keys", "revoke", root, "--reason", "retired").stdout)
    assert f"{root} local [revoked: retired]" in told.braid("keys", "list").stdout
    ran = told.braid("keys", "show")
    assert ran.stdout.strip() == root and "was revoked" in ran.stderr
    other = SecretKey(b"o" * 32).text
    out = told.braid("verify", file, "--root", other, "--statements", said).stdout
    assert "N_REVOCATION" in out and "keys trust" not in out and "was revoked (notes)" in out


def test_a_key_of_a_log_or_witness_is_told_from_a_root(told: Any) -> None:
    witness = NoteSigner("example.org/witness", bytes(range(32)), SignatureType.COSIGNATURE)
    key = witness.public.text
    ran = told.braid("keys", "trust", key)
    assert ran.returncode == 2 and "--as log, or --as witness" in ran.stderr
    ran = told.braid("keys", "trust", key, "--as", "log")
    assert ran.returncode == 2 and "this one is a witness's" in ran.stderr
    assert "line" not in told.braid("keys", "untrust", "zzz").stderr
    ran = told.braid("serve", "--port", "0", "--log-witness", "nonsense")
    assert ran.returncode == 2 and "--log-witness" in ran.stderr


def test_a_root_is_not_handed_over_under_a_running_server(told: Any) -> None:
    address = str(told.data / "braid.db")
    with contextlib.closing(Store(address, writable=True)):
        ran = told.braid("keys", "rotate")
        assert ran.returncode == 2 and "in use by a running server" in ran.stderr
        assert not (told.data / "root.key.rotations").exists()
    assert told.braid("keys", "rotate").returncode == 0


def test_after_a_theft_a_new_root_goes_on_and_the_theft_stays_published(told: Any) -> None:
    second = told.braid("keys", "rotate").stdout.strip()
    told.braid("keys", "revoke", second, "--reason", "stolen")
    ran = told.braid("run", "true")
    assert ran.returncode == 2 and "docs/keys.md" in ran.stderr
    (told.data / "root.key").rename(told.folder / "stolen.key")
    ran = told.braid("keys", "init")
    assert ran.returncode == 0 and "root.key.revocations" in ran.stderr
    new = ran.stdout.strip()
    later = recorded(told, "later")
    assert told.braid("verify", later, "--root", new).returncode == 0
    assert told.braid("run", "true").returncode == 0
    # It may hand over too, and its transcripts carry its own rotation alone.
    ran = told.braid("keys", "rotate")
    assert ran.returncode == 0, ran.stderr
    last = ran.stdout.strip()
    file = recorded(told, "last")
    assert told.braid("verify", file, "--root", new).returncode == 0
    proofs = json.loads(file.read_bytes())["proofs"]
    assert [json.loads(one["h"])["new"] for one in proofs if one["type"] == "rotation"] == [last]
    # All that was ever said is still told, that of the theft among it.
    ran = told.braid("keys", "revoke", new, "--reason", "retired")
    said = [json.loads(json.loads(line)["h"]) for line in ran.stdout.splitlines()]
    assert [one.get("new", one.get("key")) for one in said] == [second, last, second, new]


def test_what_cannot_be_revoked_is_said(told: Any, made: Any) -> None:
    root = told.braid("keys", "show").stdout.strip()
    for arguments, said in {
        (made.root, "--reason", "stolen"): "neither a root of yours nor a braid",
        (made.root, "--reason", "stolen", "--of", "root"): "no root of yours",
        ("short", "--reason", "stolen"): "expected a key of 43 characters",
        (root,): "--reason",
        (root, "--reason", "tired"): "tired",
        (root, "--reason", "lost", "--from", "yesterday"): "expected a time",
        (root, "--reason", "lost", "--from", "9999-01-01"): "later than the revocation",
        (made.root, "--reason", "retired", "--of", "braid"): "sealed",
    }.items():
        ran = told.braid("keys", "revoke", *arguments)
        assert ran.returncode == 2 and not ran.stdout and said in ran.stderr, (
            arguments,
            ran.stderr,
        )
    assert not (told.data / "root.key.revocations").exists()


def test_a_braid_that_is_not_here_can_be_revoked_by_saying_so(told: Any, made: Any) -> None:
    ran = told.braid("keys", "revoke", made.root, "--reason", "stolen", "--of", "braid")
    assert ran.returncode == 0 and json.loads(json.loads(ran.stdout)["h"])["of"] == "braid"


def test_a_file_of_statements_that_is_none_is_refused(told: Any) -> None:
    file = told.folder / "said"
    file.write_text('{"type":"revocation"}\n')
    for command in (("keys", "trust", file), ("verify", file, "--statements", file)):
        ran = told.braid(*command)
        assert ran.returncode == 2 and "line 1" in ran.stderr, ran.stderr
    assert told.braid("verify", file, "--statements", told.folder / "none").returncode == 2
