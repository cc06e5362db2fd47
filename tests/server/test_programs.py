"""Codex, Claude Code and Gemini CLI themselves, with the service between them and a scripted provider.

What is scripted in their shapes (`test_codex`, `test_claude_code`, `test_gemini_cli`) is held to the
programs here, where they are installed. Seen with codex-cli 0.171, Claude Code 2.1 and Gemini CLI 0.61.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from braid_verifier.policy import ClaimName
from fakes import gemini as google
from fakes import openai, programs, provider
from fakes.provider import Asked, Reply
from fakes.proxied import Proxied, proxied
from fakes.story import Story

EXEC = ("exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox")
RESUME = ("exec", "resume", "--last", *EXEC[1:])
CONTINUED = ("session", ["continued"])
PATCH = "*** Begin Patch\n*** Add File: a.txt\n+hello\n*** End Patch\n"


def codex_answering(asked: Asked) -> Reply:
    """Run a command, then patch a file, then say so."""
    items = asked.request["input"]
    last, sealed = items[-1], f"gAAA{asked.number}"
    thought = openai.reasoning(f"Step {asked.number}.", sealed)
    if last["type"] == "compaction_trigger":
        return openai.response(asked, openai.compaction())
    if last["type"] == "function_call_output":
        return openai.response(asked, thought, openai.custom_call("apply_patch", PATCH))
    if last["type"] == "custom_tool_call_output":
        return openai.response(asked, thought, openai.message(f"Done, {asked.number}."))
    call = openai.function_call("exec_command", '{"cmd": "echo one",  "yield_time_ms": 1000.0}')
    return openai.response(asked, thought, openai.message("I will see."), call)


def told(story: Story) -> list[tuple[str, list[str]]]:
    return [(call.by, call.history) for call in story.calls]


def assert_clean(braid: Proxied) -> Story:
    """There is one braid, it verifies, and nothing of it accuses anybody or is unseen."""
    story = braid.story()
    report = braid.report(story.braid)
    for claim in (ClaimName.HISTORY, ClaimName.CONTEXT):
        assert str(report.claims[claim].answer) == "yes", told(story)
    assert {call.outcome for call in story.calls} == {"complete"}
    return story


@pytest.mark.parametrize("own", [True, False], ids=["openai", "another provider"])
def test_codex_goes_on_with_its_braid_after_a_restart_of_both(tmp_path: Path, own: bool) -> None:
    """As OpenAI's client it tries a websocket first; 426 makes it post."""
    folder = tmp_path / "braid"
    folder.mkdir()
    with proxied(codex_answering, folder) as braid:
        program = programs.codex(tmp_path, braid.url, "gpt-5.5", own=own)
        program.run(*EXEC, "What is here?")
        assert [one.method for one in braid.provider.asked] == ["POST"] * 3
    with proxied(codex_answering, folder) as braid:
        settings = program.home / ".codex" / "config.toml"
        lines = settings.read_text().splitlines()
        named = [n for n, line in enumerate(lines) if "base_url" in line]
        lines[named[0]] = f'{lines[named[0]].partition(" =")[0]} = "{braid.url}/v1"'
        settings.write_text("\n".join(lines) + "\n")
        program.run(*RESUME, "And now?")
        story = assert_clean(braid)
    assert told(story) == [("new", []), *[CONTINUED] * 5]
    assert (program.work / "a.txt").read_text() == "hello\n"


@pytest.mark.parametrize("own", [True, False], ids=["by the provider", "by a summary"])
def test_codex_goes_on_with_its_braid_behind_a_compaction(tmp_path: Path, own: bool) -> None:
    folder = tmp_path / "braid"
    folder.mkdir()
    large = {"input_tokens": 400_000, "output_tokens": 7, "total_tokens": 400_007}

    def filling(asked: Asked) -> Reply:
        """Say after the first turn that the context is full."""
        if asked.number == 2:
            answer = openai.message("Done, at length.")
            return openai.response(asked, openai.reasoning("", "gAAAl"), answer, usage=large)
        if "CHECKPOINT COMPACTION" in json.dumps(asked.request["input"][-1]):
            return openai.response(asked, openai.message("Tests were run."))
        return codex_answering(asked)

    with proxied(filling, folder) as braid:
        program = programs.codex(tmp_path, braid.url, "gpt-5.5", own=own)
        program.run(*EXEC, "What is here?")
        program.run(*RESUME, "And now?")
        story = assert_clean(braid)
    compacting, after, *more = story.calls[3:]
    assert compacting.history[0] == "continued"
    assert after.by == "session" and after.history == (["continued", "elided"] if own else [])
    assert [(call.by, call.history) for call in more] == [CONTINUED] * 2
    if own:
        assert compacting.content[0] in after.shown["messages"]


@pytest.mark.parametrize("model", ["gpt-5.2-codex", "gpt-6.2-sol"])
def test_agents_of_codex_are_strands_of_its_braid(tmp_path: Path, model: str) -> None:
    """The newer one's know what was said before, and hear their task from another agent."""
    folder = tmp_path / "braid"
    folder.mkdir()
    knows = model == "gpt-6.2-sol"

    def delegating(asked: Asked) -> Reply:
        items = asked.request["input"]
        sealed = openai.reasoning("", f"gAAA{asked.number}")
        if "x-openai-subagent" in asked.headers:
            return openai.response(asked, sealed, openai.message("The agent has found it."))
        results = [one for one in items if one["type"] == "function_call_output"]
        if len(results) == 2:
            return openai.response(asked, sealed, openai.message("All done."))
        task: dict[str, Any] = {"message": "Search for it."}
        name, given = "spawn_agent", {**task, "task_name": "searcher"} if knows else task
        if results:
            name, given = "wait_agent", {"timeout_ms": 20_000}
            if not knows:
                given["targets"] = [json.loads(results[0]["output"])["agent_id"]]
        call = openai.function_call(name, json.dumps(given))
        space = "collaboration" if knows else "multi_agent_v1"
        return openai.response(asked, sealed, {**call, "namespace": space})

    with proxied(delegating, folder) as braid:
        program = programs.codex(tmp_path, braid.url, model, own=False)
        program.run(*EXEC, "What is here?")
        story = assert_clean(braid)
        agents = [one for one in braid.provider.asked if "x-openai-subagent" in one.headers]
    assert len(agents) == 1 and len(story.calls) == 4
    histories = [call.history for call in story.calls]
    assert all(set(codes) <= {"continued", "forked"} for codes in histories)
    assert [call.by for call in story.calls] == ["new", *["session"] * 3]


def claude_answering(asked: Asked) -> Reply:
    """Run a command and say so, thinking differently each time."""
    if not asked.request.get("tools"):
        return provider.reply(asked, provider.text('{"title": "A title"}'))
    thought = provider.thinking(f"Thought {asked.number}.", f"c2ln{asked.number}")
    last = asked.request["messages"][-1]["content"]
    if isinstance(last, list) and any(part["type"] == "tool_result" for part in last):
        return provider.reply(asked, thought, provider.text(f"Done, {asked.number}."))
    command = {"command": "echo one", "description": "Say one", "timeout": 100000.0}
    return provider.reply(
        asked, thought, provider.text("I'll see."), provider.tool_use("Bash", command)
    )


def test_claude_code_goes_on_with_its_braid(tmp_path: Path) -> None:
    """It leaves its thinking out once when it goes on, and then sends it again."""
    folder = tmp_path / "braid"
    folder.mkdir()
    with proxied(claude_answering, folder) as braid:
        program = programs.claude(tmp_path, braid.url)
        program.run("-p", "What is here?", "--allowedTools", "Bash")
        for words in ("And now?", "And then?"):
            program.run("--continue", "-p", words, "--allowedTools", "Bash")
        story = assert_clean(braid)
    assert [call.by for call in story.calls] == ["new", *["session"] * 5]
    said = {code for call in story.calls for code in call.history}
    assert said <= {"continued", "elided", "variant", "billing_changed", "clock_changed"}
    thoughts = [node for node in story.calls[-1].shown["messages"] if node.kind == "thinking"]
    assert thoughts and {node.origin for node in thoughts} == {"provider"}


def gemini_answering(asked: Asked) -> Reply:
    if not asked.body:
        return Reply(b"{}", headers={"content-type": "application/json"})
    if "functionResponse" in asked.request["contents"][-1]["parts"][-1]:
        return google.content(
            asked, google.thought("I see."), google.text(f"Done, {asked.number}.")
        )
    call = google.function_call("list_directory", {"dir_path": "."}, google.SEALED)
    return google.content(asked, google.thought("Let me see."), google.text("I'll see."), call)


def test_gemini_cli_goes_on_with_its_braid(tmp_path: Path) -> None:
    folder = tmp_path / "braid"
    folder.mkdir()
    with proxied(gemini_answering, folder) as braid:
        program = programs.gemini(tmp_path, braid.url)
        model = ("-m", "gemini-2.5-flash", "--yolo")  # without it a classifier is asked first
        program.run(*model, "-p", "What is here?")
        program.run(*model, "--resume", "latest", "-p", "And now?")
        story = assert_clean(braid)
    assert [call.by for call in story.calls] == ["new", *["prefix"] * 3]
    said = {code for call in story.calls for code in call.history}
    assert said <= {"continued", "elided", "variant", "forked"}
