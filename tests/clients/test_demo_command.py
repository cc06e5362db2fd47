"""`braid demo`: with no account, no network and no settings of the user's, all goes as told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from braid.node import Kind, Origin
from braid_clients.cli.demo import change_one_byte
from braid_clients.problem import Problem
from braid_verifier import parse_root, verify
from braid_verifier.report import Result

NOWHERE = {
    "HTTP_PROXY": "http://127.0.0.1:1",
    "HTTPS_PROXY": "http://127.0.0.1:1",
    "ALL_PROXY": "http://127.0.0.1:1",
    "http_proxy": "http://127.0.0.1:1",
    "ANTHROPIC_BASE_URL": "http://127.0.0.1:1",
    "ANTHROPIC_AUTH_TOKEN": "a-real-secret",
    "ANTHROPIC_API_KEY": "another-real-secret",
    "ANTHROPIC_CUSTOM_HEADERS": "x-claude-code-session-id: a-third-secret",
}


def test_the_demo_goes_as_told_and_leaves_a_transcript_that_verifies(home: Any) -> None:
    ran = home.braid("demo", **NOWHERE)
    assert ran.returncode == 0, ran.stderr
    assert "weather in Oslo" in ran.stdout
    assert "7 degrees and rain" in ran.stdout
    assert "braid-demo.braid.json: verified (15 nodes, 2 calls)" in ran.stdout
    assert "the changed copy: NOT verified" in ran.stdout
    assert "E_COMMIT: node 6" in ran.stdout
    assert "secret" not in ran.stdout + ran.stderr
    file = home.folder / "braid-demo.braid.json"
    assert home.braid("verify", file, "--require", "sealed,context,history").returncode == 0
    shown = home.braid("show", file).stdout
    assert "scripted-demo-1 at http://127.0.0.1:" in shown
    assert shown.rstrip("\n") in ran.stdout
    transcript = file.read_text()
    assert "secret" not in transcript
    # A session header would have placed the second call.
    assert r"\"by\":\"prefix\"" in transcript and r"\"by\":\"session\"" not in transcript
    assert not [path for path in home.folder.iterdir() if path.suffix == ".db"]


def test_the_demo_again_replaces_its_file(home: Any) -> None:
    file = home.folder / "braid-demo.braid.json"
    assert home.braid("demo").returncode == 0
    first = json.loads(file.read_bytes())
    assert home.braid("demo").returncode == 0
    second = json.loads(file.read_bytes())
    assert first["braid"] != second["braid"]
    # One root for the user, not one a run.
    roots = [json.loads(t["certificate"]["h"])["root"] for t in (first, second)]
    assert roots[0] == roots[1]


def test_one_byte_is_changed_in_a_node_of_the_provider(weaver: Any) -> None:
    made = weaver()
    made.add(Kind.PROMPT, Origin.CLIENT, b'a question with "text":"A trap')
    made.add(Kind.TEXT, Origin.PROVIDER, b'X "quoted" \xc3\xa9', attrs=b'{"text":"A"}')
    before = made.made()
    changed, node = change_one_byte(before.json)
    assert node == 1 and len(changed) == len(before.json)
    assert sum(a != b for a, b in zip(changed, before.json, strict=True)) == 1
    report = verify(changed, roots=[parse_root(before.root)])
    assert report.result is Result.FAILED
    assert (report.findings[0].code, report.findings[0].node) == ("E_COMMIT", 1)


def test_without_such_a_node_nothing_is_changed(made: Any) -> None:
    with pytest.raises(Problem):
        change_one_byte(made.json)
