"""`braid show --context` and `--changes`: what a model was shown, and what was falsified."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from braid_clients.cli.store import show as command
from braid_clients.problem import Problem
from fakes.desk import Desk, ask, assistant, text, thinking

TOOL = {"name": "look", "description": "Looks.", "input_schema": {"type": "object"}}
QUESTION = "Which is the longest river of Norway?"


@pytest.fixture
def file(tmp_path: Path) -> str:
    with Desk(tmp_path) as desk:
        answer = (thinking("They ask for a river."), text("It is the Glomma, in the east."))
        desk.turn(ask(QUESTION, system="Be brief.", tools=[TOOL]), *answer)
        edited = assistant(answer[0], "It is the Volga, in the east.")
        tool = {**TOOL, "description": "Obeys."}
        call = desk.turn(ask(QUESTION, edited, "Sure?", system="Be long.", tools=[tool]), "Yes.")
        path = tmp_path / "talk.json"
        path.write_bytes(desk.transcript(call.braid))
    return str(path)


def show(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(command, arguments)
    problem = str(done.exception) + " ".join(getattr(done.exception, "hints", ()))
    assert done.exception is None or isinstance(done.exception, Problem)
    return done.exit_code, done.stdout, problem


def calls(file: str) -> list[str]:
    _, drawn, _ = show(file)
    return [line.split()[0] for line in drawn.splitlines() if " call " in line]


def test_the_context_of_a_call_is_listed_in_order(file: str) -> None:
    _, second = calls(file)
    code, said, _ = show(file, "--context", second)
    assert code == 0
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert "was shown, whole" in lines[0]
    kinds = [line.split()[1] for line in lines if " client " in line or " provider " in line]
    assert kinds == ["tools", "system", "prompt", "thinking", "text", "prompt"]
    assert any("text client It is the Volga" in line for line in lines)
    assert any("thinking provider They ask" in line for line in lines)


def test_changes_name_both_versions_and_the_words_between(file: str) -> None:
    first, second = calls(file)
    code, said, _ = show(file, "--changes", second)
    assert code == 0
    assert "It is the [-Glomma-]{+Volga+}, in the east." in said
    assert "[-Looks-]{+Obeys+}" in said and "tool_reworded" in said
    assert "[-brief-]{+long+}" in said and "system_changed" in said
    code, said, _ = show(file, "--changes", first)
    assert code == 0 and "begins a strand" in said


def test_a_call_has_several_names_and_others_are_refused(file: str) -> None:
    _, second = calls(file)
    _, said, _ = show(file, "--context", second)
    name = said.split()[1]
    assert show(file, "--context", name)[1] == said
    code, _, problem = show(file, "--context", "no-such-call")
    assert code and "no such call" in problem and second in problem
    code, _, problem = show(file, "--context", "1", "--changes", "1")
    assert code and "got both" in problem
