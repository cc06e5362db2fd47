"""Conversations in the shapes that Codex CLI gives them are one braid a session, and verify.

The shapes are those of codex-cli 0.171, as it sent them to a scripted provider: Responses over
POST once its websocket was answered 426; `store: false`, so that the whole input comes each time,
reasoning with its `encrypted_content`, the client's own items with ids that it made up; headers
and metadata that name session, thread and turn; compaction by an item or by a summary; sub-agents
in the session of whom they work for. `test_programs` runs the program itself, where there is one.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from braid_verifier.policy import ClaimName
from fakes.openai import compaction, custom_call, error, function_call, message, reasoning, response
from fakes.provider import Asked, Json, Reply
from fakes.proxied import API_KEY, Proxied, proxied
from fakes.story import Call

SESSION = "01a22d13-7f73-74d1-abad-1373f35ac6ba"
PATCH = "*** Begin Patch\n*** Add File: a.txt\n+hello\n*** End Patch\n"
SUMMARY = "Another language model started to solve this problem and produced a summary."
TOOLS: list[Json] = [
    {"type": "function", "name": "exec_command", "strict": False, "parameters": {"type": "object"}},
    {"type": "custom", "name": "apply_patch", "format": {"type": "text"}},
    {
        "type": "namespace",
        "name": "multi_agent_v1",
        "description": "Tools for sub-agents.",
        "tools": [{"type": "function", "name": "spawn_agent", "parameters": {"type": "object"}}],
    },
    {"type": "web_search", "external_web_access": True},
]
_ids = count(1)


def answering(asked: Asked) -> Reply:
    """Run a command, then patch a file, then say so; each thing asked for begins that anew."""
    items = asked.request["input"]
    sealed = f"gAAA{asked.number}"
    if items[-1]["type"] == "compaction_trigger":
        return response(asked, compaction())
    words = text_of(items[-1])
    if "CHECKPOINT" in words:
        return response(asked, reasoning("", sealed), message("The tests were run."))
    if "Delegate" in words:
        call = function_call("spawn_agent", '{"message":"Search for it."}')
        return response(asked, reasoning("", sealed), {**call, "namespace": "multi_agent_v1"})
    thought = reasoning(f"Step {asked.number}.", sealed)
    if items[-1]["type"] == "custom_tool_call_output":
        return response(asked, thought, message(f"Done, the {asked.number}th time."))
    if items[-1]["type"] == "function_call_output":
        return response(asked, thought, custom_call("apply_patch", PATCH))
    call = function_call("exec_command", '{"cmd": "pytest -q",  "yield_time_ms": 1000.0}')
    return response(asked, thought, message("I'll run the tests."), call)


def text_of(item: Json) -> str:
    content = item.get("content") or []
    return "".join(part.get("text", "") for part in content)


def made_up(kind: str) -> str:
    return f"{kind}_01a22d13-7faa-7d50-81e8-{next(_ids):012d}"


def said(role: str, *words: str) -> Json:
    parts = [{"type": "input_text", "text": one} for one in words]
    return {"type": "message", "id": made_up("msg"), "role": role, "content": parts}


def opening() -> list[Json]:
    """What stands before the first thing a user says."""
    return [
        said("developer", "You are a coding agent running in the Codex CLI."),
        said("developer", "<skills_instructions>…", "<permissions instructions>…"),
        said("user", "<environment_context>\n  <cwd>/home/u/p</cwd>\n</environment_context>"),
    ]


# The order in which it writes the members of what it was sent, and what it adds to them.
_ORDERS = {
    "reasoning": ("type", "id", "summary", "content", "encrypted_content"),
    "message": ("type", "status", "id", "role", "content"),
    "function_call": ("type", "status", "id", "name", "namespace", "arguments", "call_id"),
    "custom_tool_call": ("type", "id", "status", "call_id", "name", "input"),
    "compaction": ("type", "id", "encrypted_content"),
}


def resent(item: Json) -> Json:
    given = {**item, "content": None} if item["type"] == "reasoning" else item
    return {name: given[name] for name in _ORDERS[item["type"]] if name in given}


@dataclass(slots=True)
class Codex:
    """Just enough of a client.

    own    whether it speaks to OpenAI, as far as it knows.
    named  where it says which session this is.
    """

    braid: Proxied
    session: str = SESSION
    thread: str = SESSION
    parent: str | None = None
    own: bool = True
    named: str = "in headers"
    items: list[Json] = field(default_factory=opening)
    turn: int = 0

    def headers(self, kind: str) -> dict[str, str]:
        headers = {
            "x-codex-beta-features": "remote_compaction_v2",
            "x-codex-window-id": f"{self.thread}:0",
            "x-codex-turn-metadata": json.dumps(self.metadata(kind)),
            "x-client-request-id": self.thread,
            "session-id": self.session,
            "thread-id": self.thread,
            "accept": "text/event-stream",
            "content-type": "application/json",
            "authorization": f"Bearer {API_KEY}",
            "originator": "codex_exec",
            "user-agent": "codex_exec/0.171.0 (Debian 12.0.0; x86_64) xterm (codex_exec; 0.171.0)",
        }
        if self.parent is not None:
            headers |= {
                "x-codex-parent-thread-id": self.parent,
                "x-openai-subagent": "collab_spawn",
            }
        if self.named != "in headers":
            for name in ("session-id", "thread-id", "x-client-request-id"):
                del headers[name]
        return headers

    def metadata(self, kind: str) -> Json:
        return {
            "session_id": self.session,
            "thread_id": self.thread,
            "turn_id": f"{self.thread}-{self.turn}",
            "request_kind": kind,
            "thread_source": "user" if self.parent is None else "subagent",
        }

    def body(self, items: list[Json], **more: Any) -> bytes:
        if self.own:
            passed = {"turn_id": f"{self.thread}-0", "content_item_kinds": ["user.text"]}
            items = [
                {**item, "internal_chat_message_metadata_passthrough": passed}
                if item["type"] in ("message", "reasoning")
                else item
                for item in items
            ]
        request = {
            "model": "gpt-scripted-1",
            "stream": True,
            "input": items,
            "tools": TOOLS,
            "tool_choice": "auto",
            "parallel_tool_calls": True,
            "reasoning": {"effort": "medium", "summary": "auto"},
            "store": False,
            "include": ["reasoning.encrypted_content"],
            "prompt_cache_key": self.session,
            "client_metadata": {
                "session_id": self.session,
                "thread_id": self.thread,
                "turn_id": f"{self.thread}-{self.turn}",
            },
            **more,
        }
        if not self.named:
            del request["client_metadata"], request["prompt_cache_key"]
        return json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()

    def send(self, kind: str, body: bytes) -> tuple[int, str, list[Json]]:
        """Post; give the status, the id of the call, and the items that came whole."""
        connection = http.client.HTTPConnection("127.0.0.1", self.braid.port)
        connection.request("POST", "/v1/responses", body, self.headers(kind))
        answer = connection.getresponse()
        heard = answer.read().decode()
        connection.close()
        events = [json.loads(line[6:]) for line in heard.splitlines() if line.startswith("data: ")]
        done = [one["item"] for one in events if one["type"] == "response.output_item.done"]
        return answer.status, str(answer.headers["x-braid-call"]), done

    def post(self, items: list[Json], kind: str = "turn", **more: Any) -> tuple[Call, list[Json]]:
        status, name, done = self.send(kind, self.body(items, **more))
        assert status == 200
        return self.call(name), done

    def call(self, name: str) -> Call:
        (call,) = [one for story in self.braid.stories() for one in story.calls if one.id == name]
        return call

    def prompt(self, words: str) -> list[Call]:
        """Say something, and go on until the model calls no more tools."""
        self.turn += 1
        self.items.append(said("user", words))
        calls = []
        while True:
            call, done = self.post(self.items)
            calls.append(call)
            self.items += map(resent, done)
            uses = [item for item in done if item["type"].endswith("_call")]
            if not uses:
                return calls
            self.items += map(result_of, uses)

    def compact(self) -> Call:
        """Have the provider compact what was said, and keep the instructions and the prompts."""
        call, (item,) = self.post([*self.items, {"type": "compaction_trigger"}], "compaction")
        prompts = [one for one in self.items if one.get("role") == "user"][1:]
        self.items = [*opening(), *prompts, resent(item)]
        return call

    def summarise(self) -> Call:
        """Ask for a summary, as of a provider that compacts nothing, and go on with that."""
        asked = said("user", "You are performing a CONTEXT CHECKPOINT COMPACTION.")
        call, done = self.post([*self.items, asked], "compaction", tools=[])
        prompts = [one for one in self.items if one.get("role") == "user"][1:]
        self.items = [*opening(), *prompts, said("user", f"{SUMMARY}\n{text_of(done[-1])}")]
        return call


def result_of(call: Json) -> Json:
    kind = "fco" if call["type"] == "function_call" else "ctco"
    output = "Wall time: 0.1 seconds\nProcess exited with code 0\nOutput:\n1 passed\n"
    return {
        "type": f"{call['type']}_output",
        "id": made_up(kind),
        "call_id": call["call_id"],
        "output": output,
    }


def told(calls: list[Call]) -> list[tuple[str, list[str]]]:
    return [(call.by, call.history) for call in calls]


def assert_clean(braid: Proxied, braids: int = 1) -> None:
    """Each braid verifies, and nothing of it accuses anybody or is unseen."""
    names = braid.braids()
    assert len(names) == braids
    for name in names:
        report = braid.report(name)
        report.require()
        for claim in (ClaimName.HISTORY, ClaimName.CONTEXT):
            assert str(report.claims[claim].answer) == "yes"


CONTINUED = ("session", ["continued"])
OPENING = ["system", "system", "system", "prompt"]
STEPS = ["prompt", "thinking", "text", "tool_use", "tool_result", "thinking", "tool_use"]
TURN = [*STEPS, "tool_result", "thinking", "text"]


@pytest.mark.parametrize("own", [True, False], ids=["openai", "another provider"])
def test_three_prompts_with_tools_are_one_braid(tmp_path: Path, own: bool) -> None:
    with proxied(answering, tmp_path) as braid:
        client = Codex(braid, own=own)
        calls = [
            call for words in ("Fix it.", "And now?", "Thanks.") for call in client.prompt(words)
        ]
        assert_clean(braid)
    assert told(calls) == [("new", []), *[CONTINUED] * 8]
    last = calls[-1].shown["messages"]
    assert [node.kind for node in last] == [*OPENING, *TURN, *TURN, *STEPS, "tool_result"]
    # Nothing was recorded twice: the provider's words are the nodes that its answers became.
    answers = {node.s for call in calls for node in call.content}
    assert {node.s for node in last if node.kind in ("thinking", "text", "tool_use")} <= answers
    thought, _, shell = calls[0].content
    patch = calls[1].content[-1]
    assert thought.attrs["signature"] == "gAAA0"
    assert (shell.value["cmd"], shell.header["media"]) == ("pytest -q", "application/json")
    assert (patch.text, patch.attrs["name"]) == (PATCH, "apply_patch")
    results = [node for node in last if node.kind == "tool_result"]
    assert [results[0].prev[-1], results[1].prev[-1]] == [shell.s, patch.s]


def test_a_websocket_is_refused_at_once_and_what_is_posted_then_is_recorded(tmp_path: Path) -> None:
    with proxied(answering, tmp_path) as braid:
        client = Codex(braid)
        upgrade = {
            "connection": "Upgrade",
            "upgrade": "websocket",
            "sec-websocket-version": "13",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
            "openai-beta": "responses_websockets=2026-02-06",
        }
        connection = http.client.HTTPConnection("127.0.0.1", braid.port)
        connection.request("GET", "/v1/responses", headers={**client.headers("turn"), **upgrade})
        assert connection.getresponse().status == 426
        connection.close()
        assert braid.braids() == [] and braid.provider.asked == []
        client.prompt("Fix it.")
        assert_clean(braid)


def test_a_resumed_session_goes_on_after_a_restart(tmp_path: Path) -> None:
    with proxied(answering, tmp_path) as braid:
        before = Codex(braid)
        before.prompt("Fix it.")
        names = braid.braids()
    with proxied(answering, tmp_path) as braid:
        calls = Codex(braid, items=before.items).prompt("And now?")
        assert braid.braids() == names
        assert_clean(braid)
    assert told(calls) == [CONTINUED] * 3


def test_a_session_goes_on_behind_what_the_provider_compacted(tmp_path: Path) -> None:
    with proxied(answering, tmp_path) as braid:
        client = Codex(braid)
        client.prompt("Fix it.")
        compacting = client.compact()
        after, *more = client.prompt("And now?")
        assert_clean(braid)
    assert (compacting.by, compacting.history) == CONTINUED
    (item,) = compacting.content
    assert (item.kind, item.origin, item.attrs["type"]) == ("other", "provider", "compaction")
    assert (after.by, after.history) == ("session", ["continued", "elided"])
    assert [node.kind for node in after.shown["messages"]] == [
        *OPENING,
        "prompt",
        "other",
        "prompt",
    ]
    assert after.shown["messages"][-2].s == item.s
    assert told(more) == [CONTINUED] * 2


def test_a_session_goes_on_behind_a_summary(tmp_path: Path) -> None:
    with proxied(answering, tmp_path) as braid:
        client = Codex(braid, own=False)
        client.prompt("Fix it.")
        summed = client.summarise()
        after, *more = client.prompt("And now?")
        assert_clean(braid)
    # That call was given no tools, which is said of it and accuses nobody.
    assert (summed.by, summed.history) == ("session", ["continued", *["tool_removed"] * 4])
    assert (after.by, after.history) == ("session", [])
    assert told(more) == [CONTINUED] * 2


def test_a_sub_agent_is_a_strand_of_the_braid(tmp_path: Path) -> None:
    with proxied(answering, tmp_path) as braid:
        main = Codex(braid)
        main.items.append(said("user", "Delegate it."))
        first, (thought, spawn) = main.post(main.items)
        agent = Codex(braid, thread="01a22d15-1242-7a63-8acb-2a3507c91f8a", parent=SESSION)
        found = agent.prompt("Search for it.")
        note = said("user", "<subagent_notification>…</subagent_notification>")
        main.items += [resent(thought), resent(spawn), result_of(spawn), note]
        back, _ = main.post(main.items)
        assert_clean(braid)
    assert told([first, *found, back]) == [("new", []), ("session", []), *[CONTINUED] * 3]
    assert [node.kind for node in found[-1].shown["messages"]] == [*OPENING, *STEPS, "tool_result"]
    assert back.shown["messages"][: len(OPENING) + 3] == [
        *first.shown["messages"],
        *first.content,
    ]
    assert first.content[-1].attrs["extra"]["namespace"] == "multi_agent_v1"


def test_a_sub_agent_may_know_what_was_said_before_it_was_called(tmp_path: Path) -> None:
    """It is shown its own call as one that was broken off, and its task as an agent's message."""
    with proxied(answering, tmp_path) as braid:
        main = Codex(braid)
        main.items.append(said("user", "Delegate it."))
        _, (thought, spawn) = main.post(main.items)
        known = [*main.items, resent(thought), resent(spawn)]
        main.items = [*known, result_of(spawn)]
        main.post(main.items)
        task = {
            "type": "agent_message",
            "id": made_up("amsg"),
            "author": "/root",
            "recipient": "/root/searcher",
            "content": [
                {"type": "input_text", "text": "Message Type: NEW_TASK\nPayload:\n"},
                {"type": "encrypted_content", "encrypted_content": "Search for it."},
            ],
        }
        aborted = {**result_of(spawn), "output": "aborted"}
        items = [*known, aborted, said("developer", "You are `/root/searcher`."), task]
        agent = Codex(braid, thread="01a22d15-1242-7a63", parent=SESSION, items=items)
        begun, done = agent.post(items)
        call = done[-1]
        going, _ = agent.post([*items, *map(resent, done), result_of(call)])
        assert_clean(braid)
    # A branch: the main one went on from the same answer before.
    assert told([begun, going]) == [("session", ["continued", "forked"]), CONTINUED]
    kinds = [node.kind for node in begun.shown["messages"]]
    assert kinds[-5:] == ["thinking", "tool_use", "tool_result", "system", "other"]


def test_two_sessions_at_once_stay_apart(tmp_path: Path) -> None:
    """Though they begin with the same words, and are answered alike."""
    with proxied(answering, tmp_path) as braid:
        one, two = Codex(braid), Codex(braid, session="another", thread="another")
        calls = [client.prompt(words) for words in ("Fix it.", "Go on.") for client in (one, two)]
        assert_clean(braid, braids=2)
        braids = [{call.id for call in story.calls} for story in braid.stories()]
    assert braids == [
        {call.id for call in (*calls[0], *calls[2])},
        {call.id for call in (*calls[1], *calls[3])},
    ]


def test_a_request_sent_again_is_about_the_first(tmp_path: Path) -> None:
    """It sends the same bytes, and no header says that they come again."""

    def overloaded(asked: Asked) -> Reply:
        return (
            error(503, "overloaded", "server_error") if asked.number in (3, 4) else answering(asked)
        )

    with proxied(overloaded, tmp_path) as braid:
        client = Codex(braid)
        client.prompt("Fix it.")
        body = client.body([*client.items, said("user", "And now?")])
        sent = [client.send("turn", body) for _ in range(3)]
        tries = [client.call(name) for _, name, _ in sent]
        assert_clean(braid)
    assert [status for status, _, _ in sent] == [503, 503, 200]
    assert [call.outcome for call in tries] == ["error", "error", "complete"]
    assert told(tries) == [CONTINUED, *[("retry", ["continued"])] * 2]
    assert [call.node.about for call in tries] == [[], *[[tries[0].node.s]] * 2]
    assert tries[2].shown == tries[0].shown


def test_what_was_whole_before_a_cut_comes_back(tmp_path: Path) -> None:
    """It runs the tool that was called, and posts again with the items it has."""

    def cutting(asked: Asked) -> Reply:
        reply = answering(asked)
        if asked.number:
            return reply
        return Reply(
            reply.body[: reply.body.index(b"event: response.completed")], headers=reply.headers
        )

    with proxied(cutting, tmp_path) as braid:
        client = Codex(braid)
        first, *more = client.prompt("Fix it.")
        assert_clean(braid)
    assert first.outcome == "upstream_cut"
    assert told(more) == [CONTINUED] * 2
    assert more[0].shown["messages"][len(OPENING) + 1 :][:3] == first.content


@pytest.mark.parametrize(("named", "by"), [("in its body", "session"), ("", "prefix")])
def test_without_its_headers_the_body_says_where_it_belongs(
    tmp_path: Path, named: str, by: str
) -> None:
    """Gateways strip headers; and a client of the same shapes may name nothing at all."""
    with proxied(answering, tmp_path) as braid:
        client = Codex(braid, named=named)
        calls = [*client.prompt("Fix it."), *client.prompt("And now?")]
        assert_clean(braid)
    assert told(calls) == [("new", []), *[(by, ["continued"])] * 5]


@pytest.mark.parametrize("reject", [False, True], ids=["record", "reject"])
def test_an_answer_that_comes_back_changed_is_found(tmp_path: Path, reject: bool) -> None:
    with proxied(answering, tmp_path, reject_history=reject) as braid:
        client = Codex(braid)
        client.prompt("Fix it.")
        (words,) = [one for one in client.items if text_of(one).startswith("Done,")]
        words["content"][0]["text"] += " I also removed the tests."
        status, name, _ = client.send("turn", client.body([*client.items, said("user", "Why?")]))
        call = client.call(name)
    assert status == (400 if reject else 200)
    assert "edited" in call.history and call.entries("edited")[0]["was"]
