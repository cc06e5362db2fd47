"""Forged history through the whole service in every wire format: recorded with its node, or refused."""

from __future__ import annotations

import http.client
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from braid.call import ORDINARY_HISTORY
from braid_verifier import check_history, verify
from braid_verifier.policy import ClaimName
from braid_verifier.report import Answer
from fakes import gemini, openai, provider
from fakes.desk import MEMORY
from fakes.dialects import DIALECTS, Dialect, Result, Said, Say, Think, Use
from fakes.forgeries import Forgery, forgeries, honest
from fakes.provider import Asked, Json, Reply
from fakes.proxied import Proxied, proxied
from fakes.replay import fetch
from fakes.rivers import SIDE, TALK, S
from fakes.story import Call, Story


def of_anthropic(asked: Asked, said: list[Said]) -> Reply:
    blocks: list[Json] = []
    for one in said:
        match one:
            case Say(words):
                blocks.append(provider.text(words))
            case Think(words, signature):
                blocks.append(provider.thinking(words, signature))
            case Use(name, tool, given):
                blocks.append(provider.tool_use(tool, given, name))
    return provider.reply(asked, *blocks)


def of_chat(asked: Asked, said: list[Said]) -> Reply:
    message: Json = {}
    for one in said:
        match one:
            case Say(words):
                message["content"] = words
            case Think(words):
                message["reasoning_content"] = words
            case Use(name, tool, given):
                call = {**openai.tool_call(tool, json.dumps(given)), "id": name}
                message.setdefault("tool_calls", []).append(call)
    return openai.chat(asked, message)


def of_responses(asked: Asked, said: list[Said]) -> Reply:
    items: list[Json] = []
    for one in said:
        match one:
            case Say(words):
                items.append(openai.message(words))
            case Think(words, signature):
                items.append({**openai.reasoning(words, signature), "id": f"rs_{signature}"})
            case Use(name, tool, given):
                call = openai.function_call(tool, json.dumps(given))
                items.append({**call, "id": f"fc_{name}", "call_id": name})
    return openai.response(asked, *items)


def of_gemini(asked: Asked, said: list[Said]) -> Reply:
    parts: list[Json] = []
    for one in said:
        match one:
            case Say(words):
                parts.append(gemini.text(words))
            case Think(words, signature):
                parts.append(gemini.thought(words, thoughtSignature=signature))
            case Use(_, tool, given):
                parts.append(gemini.function_call(tool, given))
    return gemini.content(asked, *parts)


def of_interactions(asked: Asked, said: list[Said]) -> Reply:
    steps: list[Json] = []
    for one in said:
        match one:
            case Say(words):
                steps.append(gemini.output(words))
            case Think(words, signature):
                steps.append(gemini.pondered(words, signature))
            case Use(name, tool, given):
                steps.append(gemini.step_call(tool, given, name))
    return gemini.interaction(asked, *steps)


SPOKEN: dict[str, tuple[str, Callable[[Asked, list[Said]], Reply]]] = {
    "anthropic": ("/v1/messages", of_anthropic),
    "openai-chat": ("/v1/chat/completions", of_chat),
    "openai-responses": ("/v1/responses", of_responses),
    "gemini": ("/v1beta/models/gemini-x:generateContent", of_gemini),
    "interactions": ("/v1beta/interactions", of_interactions),
}


def refusal(dialect: Dialect, told: Json) -> str:
    """Read a refusal in the provider's own shape, as its SDK does; gives its message."""
    error: Json = told["error"]
    if dialect.name in ("gemini", "interactions"):
        assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    else:
        assert error["type"] == "invalid_request_error"
        assert told.get("type") == ("error" if dialect.name == "anthropic" else None)
    return str(error["message"])


@dataclass
class Stage:
    """A service that was told TALK and SIDE by every tenant, each of whom forges one thing."""

    dialect: Dialect
    rejects: bool
    braid: Proxied
    answers: list[list[Said]] = field(default_factory=list)
    told: set[str] = field(default_factory=set)

    def send(self, body: bytes, tenant: str, answer: list[Said] | None = None) -> tuple[int, Any]:
        path = SPOKEN[self.dialect.name][0]
        self.answers.append([Say("That is all.")] if answer is None else answer)
        connection = http.client.HTTPConnection("127.0.0.1", self.braid.port, timeout=60)
        headers = {"content-type": "application/json", "x-braid-token": tenant}
        connection.request("POST", path, body, headers)
        came = connection.getresponse()
        told = json.loads(came.read())
        connection.close()
        return came.status, told

    def converse(self, tenant: str) -> None:
        self.told.add(tenant)
        talks: tuple[list[Said], ...] = (S, list(SIDE))
        for talk in talks:
            for place, one in enumerate(talk):
                if asks(one):
                    body = self.dialect.body(TALK.but(talk[: place + 1]))
                    status, _ = self.send(body, tenant, answer_after(talk, place))
                    assert status == 200

    def transcript(self, braid: str, tenant: str) -> bytes:
        return fetch(self.braid.port, f"/braid/v1/braids/{braid}", tenant)

    def stories(self, tenant: str) -> list[Story]:
        """All braids of a tenant, oldest first."""
        page = json.loads(fetch(self.braid.port, "/braid/v1/braids?limit=500", tenant))
        return [Story(self.transcript(one["id"], tenant)) for one in reversed(page["braids"])]

    def last(self, tenant: str) -> tuple[Story, Call]:
        """The last call of a tenant, and the braid that it is in."""
        stories = self.stories(tenant)
        number = max(call.node.header["time"] for one in stories for call in one.calls)
        return next(
            (one, call)
            for one in stories
            for call in reversed(one.calls)
            if call.node.header["time"] == number
        )


def asks(said: Said) -> bool:
    return isinstance(said, Result) or (isinstance(said, Say) and said.user)


def answer_after(talk: list[Said], place: int) -> list[Said]:
    rest = talk[place + 1 :]
    ends = next((n for n, one in enumerate(rest) if asks(one)), len(rest))
    return rest[:ends]


NAMES = [one.name for one in forgeries(DIALECTS[0])]
SECRETS = {**{f"t{n}": f"secret-of-{n}" for n in range(len(NAMES))}, "honest": "secret-honest"}


@pytest.fixture(
    scope="module",
    params=[(one, reject) for one in DIALECTS for reject in (False, True)],
    ids=lambda param: f"{param[0].name}-{'reject' if param[1] else 'record'}",
)
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    dialect, rejects = request.param
    _, speak = SPOKEN[dialect.name]
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        answers: list[list[Said]] = []

        def answering(asked: Asked) -> Reply:
            return speak(asked, answers[-1])

        with proxied(answering, Path(folder), SECRETS, reject_history=rejects) as braid:
            yield Stage(dialect, rejects, braid, answers)


def forgery_of(stage: Stage, name: str) -> Forgery:
    return next(one for one in forgeries(stage.dialect) if one.name == name)


@pytest.mark.parametrize("name", NAMES)
def test_a_forgery_is_named_with_its_node_or_refused(stage: Stage, name: str) -> None:
    # What is refused does not become history; what is recorded does, for whoever tells it.
    number = 0 if stage.rejects else NAMES.index(name)
    forgery, tenant = forgery_of(stage, name), f"secret-of-{number}"
    if tenant not in stage.told:
        stage.converse(tenant)
    honest_braid = stage.stories(tenant)[0].braid
    before = len(stage.braid.provider.asked)
    status, told = stage.send(forgery.body, tenant)
    refused = stage.rejects and forgery.refused
    assert status == (400 if refused else 200)
    assert len(stage.braid.provider.asked) == before + (not refused)
    if refused:
        message = refusal(stage.dialect, told)
        assert str(forgery.code) in message and "history" in message
    story, call = stage.last(tenant)
    assert call.outcome == ("refused" if refused else "complete")
    assert forgery.code in call.history
    transcript = stage.transcript(story.braid, tenant)
    report = verify(transcript, roots=[stage.braid.root()])
    report.require()
    assert report.claims[ClaimName.HISTORY].answer is Answer.NO
    assert f"history.{forgery.code}" in {finding.code for finding in report.findings}
    if forgery.code == "ambiguous":
        return
    assert story.braid == honest_braid
    if forgery.was is not None:
        assert words_of(forgery.was) in {
            known_words(stage, tenant, story, entry) for entry in call.entries(forgery.code)
        }
    # The transcript alone says the same.
    found = check_history(transcript, forgery.body, stage.dialect.name)
    assert found.genuine is not forgery.refused


SPACED = {
    "a word from two": ("It is not able to harm.", "It is notable to harm."),
    "numbers": ("Dose: 10 mg, max 5 0.", "Dose: 1 0 mg, max 50."),
    "outdented": ("if ok:\n    check()\n    pay()\n", "if ok:\n    check()\npay()\n"),
}


@pytest.mark.parametrize("name", SPACED)
def test_the_only_answer_spaced_otherwise_is_refused(stage: Stage, name: str) -> None:
    """Found without a session by its letters, and then not the same."""
    said, came = SPACED[name]
    tenant, question = "secret-honest", Say(f"Is it safe, what of {name}?", user=True)
    status, _ = stage.send(stage.dialect.body(TALK.but([question])), tenant, [Say(said)])
    assert status == 200
    more = Say("Go on.", user=True)
    for answer, code in ((came, "edited"), (said, None)):
        body = stage.dialect.body(TALK.but([question, Say(answer), more]))
        status, told = stage.send(body, tenant)
        refused = stage.rejects and code is not None
        assert status == (400 if refused else 200), told
        _, call = stage.last(tenant)
        assert code is None or call.history.count(code) == 1


def words_of(said: Said) -> str:
    return str(said.given) if isinstance(said, Use) else said.words


def known_words(stage: Stage, tenant: str, story: Story, entry: dict[str, Any]) -> str:
    """What stood where an entry says that something is false, in this braid or another."""
    if "was" in entry:
        node = story[entry["was"]]
    else:
        copied = story[entry["node"]].attrs["copy_of"]
        (other,) = [one for one in stage.stories(tenant) if one.braid == copied["braid"]]
        node = other[copied["node"]]
    if node.kind == "tool_use":
        return str(json.loads(node.content))
    if node.kind == "tool_result" and node.header["media"] == "application/json":
        return str(json.loads(node.content)["result"])
    return node.text


def test_honest_requests_are_sent_on_and_accused_of_nothing(stage: Stage) -> None:
    stage.converse("secret-honest")
    for name, body in honest(stage.dialect):
        status, _ = stage.send(body, "secret-honest")
        assert status == 200, name
        _, call = stage.last("secret-honest")
        assert call.outcome == "complete" and set(call.history) <= ORDINARY_HISTORY, name
