"""`braid verify`: an exit code and a clear answer for every file there can be."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import braid_verifier
from braid.node import Kind, Origin
from vectors.tlog import LOG, SECOND, WITNESS

VERIFIED, FAILED, UNREADABLE, UNMET = 0, 1, 2, 3
VECTORS = Path(__file__).parents[1] / "vectors"
ROOT: str = json.loads((VECTORS / "index.json").read_text("utf-8"))["root"]


@pytest.fixture
def good(home: Any, made: Any) -> Path:
    path: Path = home.folder / "good.braid.json"
    path.write_bytes(made.json)
    return path


@pytest.fixture
def bad(home: Any, made: Any) -> Path:
    path: Path = home.folder / "bad.braid.json"
    path.write_bytes(made.json.replace(b"Seven degrees", b"Sevem degrees"))
    return path


def test_a_braid_of_a_trusted_root_is_verified(home: Any, made: Any, good: Path) -> None:
    assert home.braid("keys", "trust", made.root, "--label", "the lab").returncode == 0
    ran = home.braid("verify", good)
    assert ran.returncode == VERIFIED and not ran.stderr
    first, *rest = ran.stdout.splitlines()
    assert first == f"{good}: verified (3 nodes, 0 calls)"
    text = "\n".join(rest)
    assert "signer: a pinned root certified the braid key (the lab)" in text
    assert "logged, witnessed: not checked, no log was pinned" in text
    assert "the signer alone was there" in text


LOGGED = VECTORS / "transcripts" / "witnessed-by-two.json"


def test_a_log_and_its_witnesses_are_trusted_by_option(home: Any) -> None:
    asked = ("verify", LOGGED, "--root", ROOT, "--require", "logged,witnessed")
    ran = home.braid(*asked)
    assert ran.returncode == UNMET and "no log was pinned" in ran.stdout
    assert "N_LOG" in ran.stdout and "log.example/braid" in ran.stdout
    ran = home.braid(*asked, "--log", LOG.vkey)
    assert ran.returncode == UNMET and "witnessed: not checked, no witness" in ran.stdout
    one = (*asked, "--log", LOG.vkey, "--witness", WITNESS.vkey)
    ran = home.braid(*one)
    assert ran.returncode == VERIFIED
    assert "seal: entry 8 of 11 in log.example/braid" in ran.stdout
    assert (
        "seal: seen by witness.example/one, not later than 2026-02-03T04:05:06.000Z" in ran.stdout
    )
    assert (
        "one story: another version, if there is one, is in this log too, or in none" in ran.stdout
    )
    few = home.braid(*one, "--quorum", "2")
    assert few.returncode == UNREADABLE and not few.stdout
    assert (
        "quorum: expected at least 2 different pinned witnesses, got 1" in few.stderr
        and "--as witness" in few.stderr
    )
    two = home.braid(*one, "--witness", SECOND.vkey, "--quorum", "2", "--json")
    assert two.returncode == VERIFIED
    (logged, _) = json.loads(two.stdout)["logs"]
    assert [each["witness"] for each in logged["cosignatures"]] == [WITNESS.vkey, SECOND.vkey]
    for wrong in (WITNESS.vkey, LOG.vkey + "x", "log+", "nowhere", home.folder):
        ran = home.braid(*asked, "--log", wrong)
        assert ran.returncode == UNREADABLE and not ran.stdout and ran.stderr.startswith("braid: ")


def test_everything_that_is_lacking_is_told_what_helps(home: Any) -> None:
    asked = ("verify", LOGGED, "--root", ROOT, "--require")
    name_log = "name the log you trust: --log KEY, or for good: braid keys trust KEY --as log"
    name_witnesses = [
        "name the witnesses you trust: --witness KEY",
        "or for good: braid keys trust KEY --as witness",
    ]
    name_authority = "name the authority you trust, by its root certificate: --authority FILE"
    ran = home.braid(*asked, "logged,witnessed,timestamped")
    assert told_next(ran.stdout) == [name_log, *name_witnesses, name_authority]
    assert told_next(home.braid(*asked, "witnessed").stdout) == [name_log, *name_witnesses]
    of_log = ("--log", LOG.vkey)
    assert told_next(home.braid(*asked, "witnessed", *of_log).stdout) == name_witnesses
    unlogged = ("verify", VECTORS / "transcripts" / "sealed.json", "--root", ROOT, *of_log)
    ran = home.braid(*unlogged, "--require", "logged,witnessed", "--witness", WITNESS.vkey)
    assert "logged, witnessed: no, its certificate, or its end, is not proven" in ran.stdout
    assert told_next(ran.stdout) == [
        "ask for one with proofs of a log you trust; if it is yours: braid export"
    ]


def told_next(shown: str) -> list[str]:
    """Give the lines of a report that say what to do."""
    lines = shown.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("  next "))
    return [line[14:] for line in lines[first:]]


def test_how_many_witnesses_saw_it_is_said(home: Any) -> None:
    one = VECTORS / "transcripts" / "witnessed-by-one-of-two.json"
    asked = ("--root", ROOT, "--require", "witnessed", "--log", LOG.vkey)
    both = (*asked, "--witness", WITNESS.vkey, "--witness", SECOND.vkey)
    of = "of the pinned witnesses cosigned the log that holds it"
    for file, options, code, said in (
        (LOGGED, both, VERIFIED, f"at least 1 {of}"),
        (LOGGED, (*both, "--quorum", "2"), VERIFIED, f"at least 2 {of}"),
        (one, (*both, "--quorum", "2"), UNMET, f"no, fewer than 2 {of}"),
        (one, (*asked, "--witness", WITNESS.vkey), UNMET, f"no, none {of}"),
    ):
        ran = home.braid("verify", file, *options)
        assert ran.returncode == code and f"witnessed: {said}" in ran.stdout, ran.stdout


def test_a_log_and_its_witnesses_are_trusted_by_file(home: Any) -> None:
    asked = ("verify", LOGGED, "--root", ROOT, "--require", "logged,witnessed")
    assert home.braid("keys", "trust", LOG.vkey, "--as", "log", "--label", "ours").returncode == 0
    assert home.braid(*asked).returncode == UNMET
    witnesses = home.folder / "them"
    witnesses.write_text(f"{WITNESS.vkey} a friend\n{SECOND.vkey}\n")
    ran = home.braid("keys", "trust", witnesses, "--as", "witness")
    assert ran.returncode == 0 and ran.stderr.count("is now trusted") == 2
    assert "was trusted before" in home.braid("keys", "trust", witnesses, "--as", "witness").stderr
    assert home.braid(*asked, "--quorum", "2").returncode == VERIFIED
    assert home.braid("keys", "list").stdout.splitlines() == [
        f"log {LOG.vkey} ours",
        f"witness {WITNESS.vkey} a friend",
        f"witness {SECOND.vkey}",
    ]
    assert home.braid("keys", "untrust", SECOND.vkey).returncode == 0
    assert home.braid(*asked).returncode == VERIFIED
    assert home.braid(*asked, "--quorum", "2").returncode == UNREADABLE
    assert home.braid("keys", "untrust", LOG.vkey).returncode == 0
    assert home.braid("keys", "untrust", LOG.vkey).returncode == 2
    assert home.braid(*asked).returncode == UNMET


def test_a_key_is_trusted_only_as_what_it_is(home: Any, made: Any) -> None:
    for key, what in ((LOG.vkey, "witness"), (WITNESS.vkey, "log"), (made.root, "log"),
                      (LOG.vkey, "root")):  # fmt: skip
        ran = home.braid("keys", "trust", key, "--as", what)
        assert ran.returncode == 2 and ran.stderr.startswith("braid: ")
    assert not home.config.exists()
    (home.folder / "config" / "braid").mkdir(parents=True)
    (home.config / "trusted-logs").write_text(f"{LOG.vkey}\nrubbish\n")
    ran = home.braid("verify", LOGGED)
    assert ran.returncode == 2 and "line 2" in ran.stderr


def test_an_unknown_signer_is_unmet_and_the_answer_says_what_to_do(
    home: Any, made: Any, good: Path
) -> None:
    ran = home.braid("verify", good)
    assert ran.returncode == UNMET
    assert f"braid keys trust {made.root}" in ran.stdout
    assert home.braid("verify", good, "--allow-unknown-signer").returncode == VERIFIED
    assert home.braid("verify", good, "--root", made.root).returncode == VERIFIED
    roots = home.folder / "roots"
    roots.write_text(f"# ours\n{made.root} the lab\n")
    assert home.braid("verify", good, "--root", roots).returncode == VERIFIED


def test_leaks_runs_the_detector_again(home: Any, weaver: Callable[..., Any]) -> None:
    woven = weaver()
    woven.add(
        Kind.TEXT, Origin.PROVIDER, b"Hmm, wait. Actually, no, that's wrong. Let me reconsider."
    )
    path = home.folder / "thinking.braid.json"
    path.write_bytes(woven.made().json)

    def codes(*options: str) -> set[str]:
        ran = home.braid("verify", path, "--json", *options)
        return {finding["code"] for finding in json.loads(ran.stdout)["findings"]}

    assert "N_UNFLAGGED" in codes("--leaks")
    assert "N_UNFLAGGED" not in codes()


def test_roots_given_stand_instead_of_the_trusted_ones(
    home: Any, made: Any, good: Path, weaver: Callable[..., Any]
) -> None:
    other = weaver(2, 201)
    other.add(Kind.PROMPT, Origin.CLIENT, b"q")
    home.braid("keys", "trust", made.root)
    assert home.braid("verify", good, "--root", other.made().root).returncode == UNMET


def test_one_changed_byte_fails_and_the_node_is_named(home: Any, bad: Path) -> None:
    ran = home.braid("verify", bad)
    assert ran.returncode == FAILED
    assert "NOT verified" in ran.stdout
    assert "E_COMMIT: node 1: " in ran.stdout


def test_json_lines_and_stdin_are_read(home: Any, made: Any) -> None:
    ran = home.braid("verify", "-", "--root", made.root, stdin=made.lines)
    assert ran.returncode == VERIFIED
    assert ran.stdout.startswith("stdin: verified")


def test_require_asks_for_more(home: Any, made: Any, good: Path) -> None:
    asked = ("verify", good, "--root", made.root, "--require")
    assert home.braid(*asked, "sealed").returncode == VERIFIED
    ran = home.braid(*asked, "sealed,logged", "--require", "witnessed")
    assert ran.returncode == UNMET
    assert "short of what is required: logged, witnessed" in ran.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--require", "sealed,beauty"), "beauty"),
        (("--require", "signed"), "signed"),
        (("--require", "signer", "--allow-unknown-signer"), "unknown signer"),
        (("--root", "no-such-file"), "neither a root key of 43 characters nor a file"),
        (("--root", "A" * 43), "root"),
        (("--nonsense",), "no such option"),
        ((), "FILE"),
    ],
)
def test_misuse_is_told_and_exits_2(
    home: Any, good: Path, options: tuple[str, ...], said: str
) -> None:
    ran = home.braid("verify", *([good] if options else []), *options)
    assert ran.returncode == UNREADABLE and not ran.stdout
    assert said in ran.stderr
    assert all(line.startswith("braid: ") for line in ran.stderr.splitlines())


UNREADABLE_BYTES = {
    "empty": b"",
    "only space": b" \n\t ",
    "no nodes": b'{"format":"braid-transcript/1","braid":"x","nodes":[]}',
    "another format": b'{"format":"other/1","nodes":[{}]}',
    "text": b"hello\n",
    "binary noise": bytes(range(256)) * 64,
    "a million brackets": b"[" * 1_000_000,
    "a million braces": b'{"a":' * 1_000_000,
    "byte-order mark": b"\xef\xbb\xbf{}",
    "utf-16": '{"format":1}'.encode("utf-16"),
    "cut": b'{"format":"braid-transcript/1","braid":"',
    "a string beyond the limit": b'{"format":"' + b"x" * (64 * 1024**2 + 2),
}


@pytest.mark.parametrize("raw", UNREADABLE_BYTES.values(), ids=UNREADABLE_BYTES.keys())
def test_what_is_no_transcript_could_not_be_checked(home: Any, raw: bytes) -> None:
    path = home.folder / "x.json"
    path.write_bytes(raw)
    ran = home.braid("verify", path, "-", stdin=raw)
    assert ran.returncode == UNREADABLE
    assert ran.stdout.count("could not be checked") == 2
    assert not ran.stderr


def test_what_cannot_be_opened_could_not_be_checked(home: Any, good: Path) -> None:
    (home.folder / "loop").symlink_to("loop")
    cases = {"missing": "No such file", ".": "Is a directory", "loop": "symbolic links"}
    for name, said in cases.items():
        ran = home.braid("verify", name)
        assert ran.returncode == UNREADABLE and not ran.stdout
        assert ran.stderr.startswith(f"braid: {name}: cannot be read: ") and said in ran.stderr
    below = home.braid("verify", good / "below")
    assert below.returncode == UNREADABLE and "Not a directory" in below.stderr


def test_memory_stays_bounded_on_an_endless_stream(home: Any) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc to limit and read memory")
    limit = "import resource, sys, runpy; "
    limit += "resource.setrlimit(resource.RLIMIT_AS, (700 * 2**20, 700 * 2**20)); "
    limit += "sys.argv = ['braid', 'verify', '-']; "
    limit += "runpy.run_module('braid_clients.cli', run_name='__main__')"
    for path in ("/dev/zero", "/dev/urandom"):
        with open(path, "rb") as endless:
            ran = subprocess.run(
                [home.command()[0], "-c", limit],
                stdin=endless,
                capture_output=True,
                env=home.environment(),
                timeout=60,
                check=False,
            )
        assert ran.returncode == UNREADABLE, ran.stderr
        assert b"could not be checked" in ran.stdout


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("good", "good"), VERIFIED),
        (("good", "unmet"), UNMET),
        (("unmet", "missing", "good"), UNREADABLE),
        (("missing", "unmet", "bad", "good"), FAILED),
    ],
)
def test_of_several_files_the_worst_decides(
    home: Any,
    made: Any,
    good: Path,
    bad: Path,
    weaver: Callable[..., Any],
    names: tuple[str, ...],
    code: int,
) -> None:
    other = weaver(2, 201)
    other.add(Kind.PROMPT, Origin.CLIENT, b"q")
    (home.folder / "unmet.braid.json").write_bytes(other.made().json)
    files = [home.folder / f"{name}.braid.json" for name in names]
    ran = home.braid("verify", *files, "--root", made.root)
    assert ran.returncode == code
    ran = home.braid("verify", *files, "--root", made.root, "--json")
    assert ran.returncode == code
    codes = [2 if report is None else report["exit_code"] for report in json.loads(ran.stdout)]
    assert codes == [{"good": 0, "bad": 1, "missing": 2, "unmet": 3}[name] for name in names]


def test_json_is_as_its_schema_says(home: Any, made: Any, good: Path, bad: Path) -> None:
    schema = json.loads(Path(braid_verifier.__file__).with_name("report.schema.json").read_text())
    noise = home.folder / "noise"
    noise.write_bytes(os.urandom(1000))
    for path, code in ((good, VERIFIED), (bad, FAILED), (noise, UNREADABLE)):
        ran = home.braid("verify", path, "--json", "--root", made.root)
        report = json.loads(ran.stdout)
        jsonschema.validate(report, schema)
        assert ran.returncode == report["exit_code"] == code
    assert ran.stdout.isascii()


def test_a_broken_trust_file_is_an_error_and_no_verdict(home: Any, made: Any, good: Path) -> None:
    home.config.mkdir(parents=True)
    (home.config / "trusted-roots").write_text(f"{made.root}\nnonsense\n")
    ran = home.braid("verify", good)
    assert ran.returncode == UNREADABLE and not ran.stdout
    assert "line 2" in ran.stderr


def test_names_and_labels_cannot_control_the_terminal(home: Any, made: Any) -> None:
    path = home.folder / "a\x1b[2J\u202eb"
    path.write_bytes(made.json)
    home.braid("keys", "trust", made.root, "--label", "the\u202elab\x1b[31m")
    ran = home.braid("verify", path)
    assert "\x1b" not in ran.stdout and "\u202e" not in ran.stdout
    assert r"a\x1b[2J\u202eb: verified" in ran.stdout
    assert r"(the\u202elab\x1b[31m)" in ran.stdout


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(raw=st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_whatever_the_bytes_there_is_an_answer(home: Any, raw: bytes) -> None:
    ran = home.braid("verify", "-", "--json", stdin=raw)
    assert ran.returncode == UNREADABLE
    assert json.loads(ran.stdout)["result"] == "unreadable"
