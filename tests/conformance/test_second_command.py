"""The JavaScript command: exit codes, `--json`, options and refusals are those of `braid verify`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import braid_verifier
from braid.encoding import encode
from braid.signing import SecretKey
from conformance.second_verifier import node_command
from vectors.tlog import LOG, SECOND, WITNESS

JS = Path(braid_verifier.__file__).parent / "js"
COMMAND = JS / "braid-verify.mjs"
TRANSCRIPTS = Path(__file__).resolve().parent.parent / "vectors" / "transcripts"
ROOT: str = json.loads((TRANSCRIPTS.parent / "index.json").read_text("utf-8"))["root"]
SEALED, OPEN = str(TRANSCRIPTS / "sealed.json"), str(TRANSCRIPTS / "open-braid.json")
CHANGED = str(TRANSCRIPTS / "content-changed.json")
EMPTY = str(TRANSCRIPTS / "empty-file.json")


def run(
    *args: str, stdin: bytes = b"", command: Path = COMMAND
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [node_command(), str(command), *args],
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )


def test_a_key_may_begin_with_a_hyphen() -> None:
    keys = (encode(SecretKey(number.to_bytes(32, "big")).key) for number in range(10_000))
    key = next(key for key in keys if key.startswith("-"))
    assert run(OPEN, "--root", key).returncode == 3
    assert run("--root", key, "--root", ROOT, "--", OPEN).returncode == 0
    assert run(OPEN, "--root").returncode == 2


APART = str(TRANSCRIPTS / "revoked-apart-root.json")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the root said of itself, as a file."""
    index = json.loads((TRANSCRIPTS.parent / "index.json").read_text("utf-8"))
    (vector,) = [each for each in index["vectors"] if each["name"] == "revoked-apart-root"]
    file = tmp_path_factory.mktemp("told") / "statements"
    file.write_text(vector["statements"])
    return file


TOLD = "TOLD"  # that file


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ((SEALED, "--root", ROOT), 0),
        ((SEALED, "--allow-unknown-signer"), 0),
        ((OPEN, "--root", ROOT), 0),
        ((CHANGED, "--root", ROOT), 1),
        ((EMPTY, "--root", ROOT), 2),
        ((SEALED,), 3),
        ((OPEN, "--root", ROOT, "--require", "sealed"), 3),
        ((OPEN, "--root", ROOT, "--require", "context,sealed"), 3),
        ((SEALED, CHANGED, EMPTY, "--root", ROOT), 1),
        ((SEALED, EMPTY, "--root", ROOT), 2),
        ((SEALED, "missing.json", "--root", ROOT), 2),
        ((str(TRANSCRIPTS),), 2),
        ((), 2),
        (("--nonsense", SEALED), 2),
        ((SEALED, "--require", "truth"), 2),
        ((SEALED, "--root", "short"), 2),
        ((APART, "--root", ROOT), 0),
        ((APART, "--root", ROOT, "--statements", TOLD), 1),
        ((APART, "--root", ROOT, "--revocations", TOLD), 2),
        ((APART, "--root", ROOT, "--rotations", TOLD), 2),
        ((SEALED, "--root", ROOT, "--statements", SEALED), 2),
        ((SEALED, "--root", ROOT, "--statements", "missing.json"), 2),
        (("missing.json", "--root", ROOT, "--statements", TOLD), 2),
        ((SEALED, "--root", "A" * 43), 2),
        (("--help",), 0),
    ],
)
def test_exit_codes(args: tuple[str, ...], code: int, told: Path) -> None:
    done = run(*(str(told) if each == TOLD else each for each in args))
    assert done.returncode == code, done.stderr.decode()
    for line in done.stderr.decode().splitlines():
        assert line.startswith("braid-verify: ")
    assert b"    at " not in done.stderr


def test_json_is_one_report_or_a_list_with_null_for_what_cannot_be_opened() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((JS.parent / "report.schema.json").read_text("utf-8"))
    reports: list[Any] = [json.loads(run("--json", SEALED).stdout)]
    several = json.loads(run("--json", SEALED, CHANGED, EMPTY, "missing.json").stdout)
    assert several[0] == reports[0]
    assert several.pop() is None
    for report in several:
        jsonschema.validate(report, schema)
    assert [report["exit_code"] for report in several] == [3, 1, 2]


def test_people_are_told_what_was_found_and_what_was_not_checked() -> None:
    said = run(CHANGED, "--root", ROOT).stdout.decode()
    assert said.splitlines()[0] == f"{CHANGED}: NOT verified (6 nodes, 1 call)"
    assert "E_COMMIT: node 3" in said
    assert "witnessed   not checked" in said


def test_a_transcript_is_read_from_stdin() -> None:
    done = run("-", "--root", ROOT, stdin=Path(SEALED).read_bytes())
    assert done.returncode == 0
    assert done.stdout.startswith(b"stdin: verified (6 nodes, 1 call)")


def test_roots_are_read_from_a_file(tmp_path: Path) -> None:
    roots = tmp_path / "roots"
    roots.write_text(f"# trusted\n\n{ROOT} the vectors\n")
    assert run(SEALED, "--root", str(roots)).returncode == 0
    roots.write_text("# none\n")
    assert run(SEALED, "--root", str(roots)).returncode == 2


def test_logs_and_witnesses_are_trusted_by_key_or_file(tmp_path: Path) -> None:
    file = str(TRANSCRIPTS / "witnessed-by-two.json")
    asked = (file, "--root", ROOT, "--require", "logged,witnessed")
    assert run(*asked).returncode == 3
    both = (*asked, "--log", LOG.vkey, "--witness", WITNESS.vkey)
    done = run(*both)
    assert done.returncode == 0
    assert "seal: entry 8 of 11 in log.example/braid, seen by witness.example/one" in (
        done.stdout.decode()
    )
    few = run(*both, "--quorum", "2")
    assert few.returncode == 2
    assert b"quorum: expected at least 2 different pinned witnesses, got 1" in few.stderr
    assert run(*both, "--require", "").returncode == 2
    witnesses = tmp_path / "witnesses"
    witnesses.write_text(f"{WITNESS.vkey} one\n# and\n{SECOND.vkey} two\n")
    two = (*asked, "--log", LOG.vkey, "--witness", str(witnesses), "--quorum", "2")
    assert run(*two).returncode == 0
    assert "which is not pinned" in run(*asked).stdout.decode()
    for wrong in (WITNESS.vkey, "log.example+x", "no-such-file", LOG.vkey[:-1]):
        done = run(*asked, "--log", wrong)
        assert done.returncode == 2 and done.stderr.startswith(b"braid-verify: ")


def test_it_runs_as_a_package_and_through_a_link(tmp_path: Path) -> None:
    package = tmp_path / "package"
    shutil.copytree(JS, package)
    described = json.loads((package / "package.json").read_text())
    assert set(described["files"]) <= {path.name for path in package.iterdir()}
    assert described["version"] in (Path(__file__).parents[2] / "pyproject.toml").read_text()
    link = tmp_path / "braid-verify"
    link.symlink_to(package / described["bin"]["braid-verify"])
    assert os.access(link, os.X_OK)
    assert run(SEALED, "--root", ROOT, command=link).returncode == 0
    program = tmp_path / "program.mjs"
    program.write_text(
        f"import {{ verify }} from {json.dumps((package / described['exports']).as_uri())};\n"
        f"console.log((await verify(new Uint8Array(), {{ roots: [] }})).result);\n"
    )
    assert run(command=program).stdout == b"unreadable\n"
