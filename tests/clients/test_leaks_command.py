"""`braid leaks`: transcripts, chat logs, sources and folders; JSON, SARIF, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from braid.node import Kind, Origin
from braid_clients.chat_logs import read_log

FOUND, NOTHING, UNREAD = 1, 0, 2
LEAK = (
    "Wait, actually that is wrong. Let me reconsider: should I use the map, or maybe the list? "
    "Hmm, no, let's go with the list instead."
)
OTHER = "Hmm, this won't work because the handler is async. Let's rather do it here? No, wait."
CODE = f"x = '# {LEAK}'\n\n\ndef f():\n    # {LEAK}\n    return 1\n"
CLEAN = "# Give the mean of the last ten.\nx = 1\n"


@pytest.fixture
def leaks(home: Any) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        ran: subprocess.CompletedProcess[str] = home.braid(
            "leaks", *arguments, stdin=stdin.encode()
        )
        return ran

    return run


def findings(ran: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = json.loads(ran.stdout)["findings"]
    return said


def test_a_leak_in_a_source_is_shown_with_its_line(home: Any, leaks: Any) -> None:
    (home.folder / "a.py").write_text(CODE)
    ran = leaks("a.py")
    assert ran.returncode == FOUND and not ran.stderr
    first, words, last = ran.stdout.splitlines()
    assert first.startswith("a.py:5:7: strong ")
    assert words.strip().startswith("Wait, actually that is wrong.")
    assert last.startswith("1 finding (1 strong) in 1 file; detector version ")
    assert last.endswith(", measured in en alone")


def test_nothing_found_is_nothing_wrong(home: Any, leaks: Any) -> None:
    (home.folder / "a.py").write_text(CLEAN)
    ran = leaks("a.py")
    assert (ran.returncode, ran.stderr) == (NOTHING, "")
    assert ran.stdout.startswith("0 findings in 1 file;")


def test_json_gives_offsets_and_no_words(home: Any, leaks: Any) -> None:
    (home.folder / "a.py").write_text("é = 1\n" + CODE)
    ran = leaks("a.py", "--json")
    assert ran.returncode == FOUND
    (finding,) = findings(ran)
    assert json.loads(ran.stdout)["covered"] == ["en"]
    text = (home.folder / "a.py").read_text()
    assert text[finding["start"] : finding["end"]].startswith("Wait, actually")
    assert (finding["line"], finding["column"]) == (6, 7)
    assert all(finding["start"] <= each["start"] < each["end"] for each in finding["reasons"])
    assert "reconsider" not in ran.stdout


def test_sarif_names_the_region_and_a_rule(home: Any, leaks: Any) -> None:
    (home.folder / "b c.py").write_text(CODE)
    ran = leaks("b c.py", "gone.py", "--sarif")
    assert ran.returncode == FOUND
    log = json.loads(ran.stdout)
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    run = log["runs"][0]
    (result,) = run["results"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "b%20c.py"}
    region = place["region"]
    text = (home.folder / "b c.py").read_text()
    start = region["charOffset"]
    assert text[start : start + region["charLength"]].startswith("Wait, actually")
    line = text.split("\n")[region["startLine"] - 1]
    assert line[region["startColumn"] - 1 :].startswith("Wait")
    assert text.split("\n")[region["endLine"] - 1][: region["endColumn"] - 1].endswith("instead.")
    invocation = run["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert len(invocation["toolExecutionNotifications"]) == 1
    assert "reconsider" not in ran.stdout


def test_fail_on_says_what_makes_the_exit_code(home: Any, leaks: Any) -> None:
    (home.folder / "a.py").write_text(CODE)
    assert leaks("a.py", "--fail-on", "never").returncode == NOTHING
    assert leaks("a.py", "--fail-on", "possible").returncode == FOUND
    assert leaks("a.py", "--fail-on", "strong").returncode == FOUND
    refused = leaks("a.py", "--fail-on", "weak")
    assert (refused.returncode, refused.stdout) == (UNREAD, "")


def test_what_cannot_be_read_is_said(home: Any, leaks: Any) -> None:
    (home.folder / "b.bin").write_bytes(b"\0\1")
    (home.folder / "data.json").write_text('{"a": 1}')
    (home.folder / "value.json").write_text("null")
    for name in ("gone.py", "b.bin", "data.json", "value.json", "gone"):
        ran = leaks(name)
        assert ran.returncode == UNREAD
        assert ran.stderr.startswith(f"braid: {name}: cannot be read: ")
    assert leaks("a.py", "--json", "--sarif").returncode == UNREAD


def test_a_folder_that_cannot_be_looked_into_is_said(home: Any, leaks: Any) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everywhere")
    closed = home.folder / "tree" / "closed"
    closed.mkdir(parents=True, mode=0)
    ran = leaks("tree")
    closed.chmod(0o700)
    assert ran.returncode == UNREAD and "braid: tree/closed: cannot be read: " in ran.stderr


def test_a_folder_is_looked_through_without_what_nobody_wrote_here(home: Any, leaks: Any) -> None:
    tree = home.folder / "tree"
    for name in ("src/a.py", "node_modules/b.py", ".git/c.py", "src/deep/d.min.js", "e.bin", "f"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(CODE if not name.endswith(".bin") else "\0" + CODE)
    (tree / "src/deep/README.md").write_text(f"# Title\n\n{LEAK}\n")
    (tree / "data.json").write_text('{"a": 1}')
    (tree / "link").symlink_to(tree)
    ran = leaks("tree", "--json")
    assert sorted(each["file"] for each in findings(ran)) == [
        "tree/src/a.py",
        "tree/src/deep/README.md",
    ]
    assert not ran.stderr


def session(*, echo: bool = False) -> str:
    asked = LEAK if echo else "Please fix it."
    lines = [
        {"type": "summary", "summary": LEAK},
        {"type": "user", "message": {"role": "user", "content": asked}},
        {
            "type": "assistant",
            "message": {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": LEAK, "signature": "x"},
                    {"type": "text", "text": LEAK},
                    {"type": "tool_use", "name": "Write", "input": {"file_path": "a.py", "content": CODE}},
                ],
            },
        },
        {"type": "user", "message": {"role": "user", "content": [{"type": "tool_result", "content": LEAK}]}},
    ]  # fmt: skip
    return "".join(json.dumps(line) + "\n" for line in lines)


def test_a_session_of_claude_code_is_read(home: Any, leaks: Any) -> None:
    (home.folder / "s.jsonl").write_text(session())
    said = findings(leaks("s.jsonl", "--json"))
    assert [(each["line"], each["block"]) for each in said] == [
        (3, "line 3, text"),
        (3, "line 3, tool_use Write"),
    ]
    assert findings(leaks("-", "--json", stdin=session()))[0]["file"] == "stdin"
    assert leaks("-", stdin=LEAK).returncode == FOUND  # no comment of anything: a text
    assert leaks("-", stdin=f"x = '{LEAK}'  // Give the mean.\n").returncode == NOTHING


def test_what_the_user_said_before_is_quoted(home: Any, leaks: Any) -> None:
    (home.folder / "s.jsonl").write_text(session(echo=True))
    assert findings(leaks("s.jsonl", "--json")) == []


LOGS = [
    [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "said", "tool_calls": [{"function": {"name": "f", "arguments": '{"a": 1}'}}]},
        {"role": "tool", "content": "result"},
    ],
    {"messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [{"type": "text", "text": "said"}, {"type": "tool_use", "name": "f", "input": {"a": 1}}]},
        {"role": "user", "content": [{"type": "tool_result", "content": [{"type": "text", "text": "result"}]}]},
    ]},
    {"contents": [
        {"role": "user", "parts": [{"text": "hi"}]},
        {"role": "model", "parts": [{"text": "no", "thought": True}, {"text": "said"}, {"functionCall": {"name": "f", "args": {"a": 1}}}]},
        {"role": "user", "parts": [{"functionResponse": {"response": "result"}}]},
    ]},
    {"input": [
        {"role": "user", "content": "hi"},
        {"type": "reasoning", "summary": []},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "said"}]},
        {"type": "function_call", "name": "f", "arguments": '{"a": 1}'},
        {"type": "function_call_output", "output": "result"},
    ]},
    [{"mapping": {
        "b": {"message": {"author": {"role": "assistant"}, "create_time": 2, "content": {"content_type": "text", "parts": ["said"]}}},
        "a": {"message": {"author": {"role": "user"}, "create_time": 1, "content": {"content_type": "text", "parts": ["hi"]}}},
        "c": {"message": {"author": {"role": "assistant"}, "recipient": "f", "create_time": 3, "content": {"content_type": "code", "text": '{"a": 1}'}}},
        "d": {"message": {"author": {"role": "tool"}, "create_time": 4, "content": {"content_type": "execution_output", "text": "result"}}},
        "e": {"message": None},
    }}],
]  # fmt: skip


@pytest.mark.parametrize("log", LOGS, ids=["openai", "anthropic", "google", "responses", "chatgpt"])
def test_logs_of_many_makes_say_the_same(log: object) -> None:
    for text in (json.dumps(log), json.dumps(log, indent=1)):
        said = read_log(text)
        assert said is not None
        assert [(each.by_model, each.content) for each in said] == [
            (False, "hi"),
            (True, "said"),
            (True, '{"a": 1}'),
            (False, "result"),
        ]
        assert said[2].kind is Kind.TOOL_USE and said[2].attrs == {"name": "f"}


@pytest.mark.parametrize("text", ["", "[]", "{}", "nothing", '{"a": [1, {"b": 2}]}', "[" * 100_000])
def test_what_is_no_log_is_told(text: str) -> None:
    assert read_log(text) is None


def test_a_document_that_quotes_a_transcript_is_a_document(home: Any, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text('A file begins so:\n\n```json\n{"format":"braid-transcript/1"}\n```\n')
    for name in (page, tmp_path):
        ran = home.braid("leaks", str(name))
        assert ran.returncode == 0 and "cannot be read" not in ran.stderr, ran.stderr


def test_a_transcript_is_looked_at_and_what_clients_say_is_not(
    home: Any, weaver: Any, leaks: Any
) -> None:
    made = weaver()
    made.add(Kind.PROMPT, Origin.CLIENT, f"{LEAK} That I said.".encode())
    made.add(Kind.TEXT, Origin.CLIENT, b"Hmm, wait. Actually, no: let me think again about it.")
    made.add(Kind.TEXT, Origin.PROVIDER, LEAK.encode())
    content = json.dumps({"code": f"# {OTHER}\nx = 1"}).encode()
    made.add(
        Kind.TOOL_USE,
        Origin.PROVIDER,
        content,
        media="application/json",
        attrs=b'{"name":"python"}',
    )
    (home.folder / "t.braid.json").write_bytes(made.made().json)
    (home.folder / "t.braid.jsonl").write_bytes(made.made().lines)
    for name in ("t.braid.json", "t.braid.jsonl"):
        ran = leaks(name, "--json")
        (finding,) = findings(ran)
        assert finding["block"] == "node 3, tool_use"
        assert finding["node"] == made.nodes[3].s
        assert content.decode()[finding["start"] :].startswith("Hmm, this")
    (home.folder / "cut.braid.json").write_bytes(made.made().json[:-40])
    ran = leaks("cut.braid.json")
    assert "cannot be read" in ran.stderr and ran.returncode == UNREAD
