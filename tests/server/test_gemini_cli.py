"""A conversation in the shape that Gemini CLI gives it is one braid that verifies.

The shape: nothing names the conversation; its first user part is a `<session_context>` text; a
routing classifier is asked before each prompt, with the last eight turns under instructions of its own;
thoughts are dropped and signatures kept where they stood; calls, which the provider gave no id, come
back with made-up ones, and results with the same; pieces of a stream come back as one text. A long
conversation is summed up, under instructions of its own too, and goes on behind the summary.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from braid_verifier import verify
from braid_verifier.findings import Severity
from fakes.gemini import MODEL, SEALED, content, function_call, text, thought
from fakes.provider import Asked, Reply
from fakes.proxied import API_KEY, Proxied, proxied
from fakes.story import Call

CONTEXT = "<session_context>\nThis is the Gemini CLI. Today's date is Friday.\n</session_context>"
ROUTER = "You are a specialized Task Routing AI. Choose `flash` or `pro`."
ROUTED = '{"reasoning": "Simple.", "model_choice": "flash"}'
SUMMING_UP = "You sum up conversations."
SUMMARY = "<state_snapshot>Both files were read, more than once.</state_snapshot>"
AGENT = "You are an agent."
TOOLS = [
    {
        "functionDeclarations": [
            {"name": name, "description": name, "parametersJsonSchema": {"type": "object"}}
            for name in ("read_file", "run_shell_command")
        ]
    }
]


def answering(asked: Asked) -> Reply:
    request = asked.request
    instructions = request["systemInstruction"]["parts"][0]["text"]
    if instructions == ROUTER:
        return content(asked, text(ROUTED))
    if instructions == SUMMING_UP:
        return content(asked, text(SUMMARY))
    last = request["contents"][-1]["parts"][-1]
    if "functionResponse" in last:
        return content(
            asked,
            thought("Now I know."),
            text(f"There are {len(request['contents'])} contents, and I read them all."),
        )
    return content(
        asked,
        thought("I should look at both files."),
        text(f"I'll read both files, as {len(request['contents'])} contents say."),
        function_call("read_file", {"path": "a.py"}, SEALED),
        function_call("read_file", {"path": "b.py"}),
    )


@dataclass(slots=True)
class GeminiCli:
    """Just enough of a client."""

    braid: Proxied
    contents: list[Any] = field(default_factory=lambda: [said("user", text(CONTEXT))])
    routed: list[tuple[Call, str]] = field(default_factory=list)
    clock: int = 1763650000000
    heard: bytes = b""

    def post(self, verb: str, system: str, contents: list[Any], **more: Any) -> tuple[Call, str]:
        """Send a request; give the call it became, and its braid."""
        body = {
            "contents": contents,
            "systemInstruction": said("user", text(system)),
            "generationConfig": {"temperature": 0, "thinkingConfig": {"includeThoughts": True}},
            **more,
        }
        headers = {
            "content-type": "application/json",
            "user-agent": f"GeminiCLI/0.61.0/{MODEL} (linux; x64; terminal)",
            "x-goog-api-client": "google-genai-sdk/1.30.0 gl-node/v22.12.0",
            "x-goog-api-key": API_KEY,
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.braid.port)
        raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        connection.request("POST", f"/v1beta/models/{MODEL}:{verb}", raw, headers)
        answer = connection.getresponse()
        self.heard = answer.read()
        connection.close()
        assert answer.status == 200
        name = str(answer.headers["x-braid-id"])
        (story,) = [one for one in self.braid.stories() if one.braid == name]
        return story.call(answer.headers["x-braid-call"]), name

    def main(self) -> tuple[Call, str]:
        """Send the conversation as it stands."""
        return self.post("streamGenerateContent?alt=sse", AGENT, self.contents, tools=TOOLS)

    def route(self, words: str) -> tuple[Call, str]:
        """Ask the classifier about a prompt."""
        return self.post(
            "generateContent", ROUTER, [*self.contents[-8:], said("user", text(words))]
        )

    def prompt(self, words: str) -> list[tuple[Call, str]]:
        """Ask, as a user does: a classifier, the prompt, and its calls' results."""
        self.routed.append(self.route(words))
        self.contents.append(said("user", text(words)))
        calls = []
        while True:
            calls.append(self.main())
            uses = self.take()
            if not uses:
                return calls
            results = [
                {
                    "functionResponse": {
                        "id": use["id"],
                        "name": use["name"],
                        "response": {"output": f"Contents of {use['args']['path']}."},
                    }
                }
                for use in uses
            ]
            self.contents.append(said("user", *results))

    def compress(self) -> list[tuple[Call, str]]:
        """Have all but the last prompt summed up, and go on behind the summary."""
        gone, kept = self.contents[:-4], self.contents[-4:]
        asked = said("user", text("Generate a new <state_snapshot>."))
        again = [said("model", text(SUMMARY)), said("user", text("Did you omit anything?"))]
        calls = [
            self.post("generateContent", SUMMING_UP, [*gone, asked]),
            self.post("generateContent", SUMMING_UP, [*gone, *again]),
        ]
        noted = said("model", text("Got it. Thanks for the additional context!"))
        self.contents = [self.contents[0], said("user", text(SUMMARY)), noted, *kept]
        return calls

    def take(self) -> list[Any]:
        """Put what was streamed into the history, as the client does."""
        parts: list[Any] = []
        for line in self.heard.decode().split("\r\n"):
            if not line.startswith("data: "):
                continue
            for part in json.loads(line[6:])["candidates"][0]["content"]["parts"]:
                if part.get("thought") or part.get("text") == "":
                    continue
                if "text" in part and parts and "text" in parts[-1]:
                    parts[-1] = text(parts[-1]["text"] + part["text"])
                    continue
                if "functionCall" in part:
                    call = part["functionCall"]
                    made_up = f"{call['name']}_{self.clock}_{len(parts)}"
                    part = {**part, "functionCall": {**call, "id": made_up}}
                parts.append(part)
        self.clock += 977
        self.contents.append(said("model", *parts))
        return [part["functionCall"] for part in parts if "functionCall" in part]


def said(role: str, *parts: Any) -> dict[str, Any]:
    return {"role": role, "parts": list(parts)}


def test_three_prompts_with_tools_are_one_braid(tmp_path: Path) -> None:
    with proxied(answering, tmp_path) as braid:
        client = GeminiCli(braid)
        told = [
            each
            for words in ("What is in a.py and b.py?", "And now?", "Once more, please.")
            for each in client.prompt(words)
        ]
        (name,) = {name for _, name in told}
        report = verify(braid.get(f"/braid/v1/braids/{name}"), roots=[braid.root()])
    report.require()
    calls = [call for call, _ in told]
    assert [each.code for each in report.findings if each.severity is not Severity.NOTE] == []
    # The classifier was shown the same conversation under its own instructions, and that is said.
    assert [call.history for call, _ in client.routed] == [
        [],
        *[["continued", "elided", "aside"]] * 2,
    ]
    assert [call.by for call in calls] == ["new", *["prefix"] * 5]
    # Where a classifier was asked first, it went on from the same answer: two strands.
    answered, prompted = ["continued", "elided", "variant"], ["continued", "elided", "forked"]
    assert [call.history for call in calls] == [[], answered, *[prompted, answered] * 2]
    last = calls[-1]
    kinds = [node.kind for node in last.shown["messages"]]
    turn = ["prompt", "text", "tool_use", "tool_use", "tool_result", "tool_result"]
    assert kinds == ["prompt", *turn, "text", *turn, "text", *turn]
    # Each result hangs on the call that the client gave its id, and that is the provider's.
    nodes = {node.s: node for call in calls for node in (*call.shown["messages"], *call.answer)}
    uses = [node for node in last.shown["messages"] if node.kind == "tool_use"]
    results = [node for node in last.shown["messages"] if node.kind == "tool_result"]
    assert [node.prev[-1] for node in results] == [node.s for node in uses]
    for node in uses:
        known = nodes[node.attrs["variant_of"]]
        assert (known.origin, known.value) == ("provider", node.value)
        assert "id" not in known.attrs and node.attrs["id"].startswith("read_file_")
    # What the provider said of the two turns before came back as its own words.
    texts = [node for node in last.shown["messages"] if node.kind == "text"]
    assert [node.origin for node in texts] == ["provider"] * len(texts)


WHAT = said("user", text("What was it?"))


def test_a_conversation_goes_on_behind_its_summary(tmp_path: Path) -> None:
    with proxied(answering, tmp_path, reject_history=True) as braid:
        client = GeminiCli(braid)
        for words in ("What is in a.py and b.py?", "And now?", "Once more, please."):
            client.prompt(words)
        summing = client.compress()
        cut, _ = client.post("generateContent", ROUTER, [*client.contents[2:], WHAT])
        told = client.prompt(WHAT["parts"][0]["text"])
        (name,) = {name for _, name in (*summing, *told)}
        report = verify(braid.get(f"/braid/v1/braids/{name}"), roots=[braid.root()])
    assert [each.code for each in report.findings if each.severity is not Severity.NOTE] == []
    assert [call.history[-1] for call, _ in summing] == ["aside"] * 2
    assert cut.history == ["continued", "truncated", "foreign_before", "aside"]
    assert told[0][0].history == ["continued", "elided", "compacted", "foreign_before"]


def test_what_was_answered_aside_is_no_part_of_the_conversation(tmp_path: Path) -> None:
    """Who has the model speak under other instructions cannot have it go on from there."""
    with proxied(answering, tmp_path) as braid:
        client = GeminiCli(braid)
        client.prompt("What is in a.py and b.py?")
        aside, _ = client.route("And now?")
        assert aside.history == ["continued", "elided", "aside"]
        client.contents += [
            said("user", text("And now?")),
            said("model", text(ROUTED)),
            said("user", text("Go on.")),
        ]
        back, _ = client.main()
        kept, _ = client.post("generateContent", ROUTER, client.contents)
        armed, _ = client.post("generateContent", ROUTER, client.contents, tools=TOOLS)
    assert "system_changed" in back.history
    assert kept.history[-1] == "aside"
    assert "system_changed" in armed.history


def test_other_instructions_with_the_same_tools_are_told(tmp_path: Path) -> None:
    with proxied(answering, tmp_path) as braid:
        client = GeminiCli(braid)
        client.prompt("What is in a.py and b.py?")
        client.contents.append(said("user", text("And now?")))
        call, _ = client.post("generateContent", ROUTER, client.contents, tools=TOOLS)
    assert call.history[-1] == "system_changed"
