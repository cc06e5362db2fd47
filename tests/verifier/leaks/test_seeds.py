"""The two cases the detector was made for, in our words, in other words, and as they were recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from braid_verifier.leaks import Finding, LeakClass, Tier, detect

PLANS = (LeakClass.PLANNING, LeakClass.TRACE)


def in_text(text: str) -> list[Finding]:
    return list(detect("text", "text/plain", text, {}))


def in_tool(name: str, value: object) -> tuple[str, list[Finding]]:
    content = json.dumps(value, ensure_ascii=False)
    return content, list(detect("tool_use", "application/json", content, {"name": name}))


@pytest.mark.parametrize(
    "text",
    [
        (
            "Proceeding with verification of the record. Three blocks came; only the prompt carries a "
            "signature of its own, the other two are marked as checked, so per protocol I accept them. "
            "Let me verify the Prompt block:"
        ),
        (
            "Continuing with the audit. The manifest names two keys, but just one of them has signed "
            "anything, so I need to check that one first. Let me run the script on the first block:"
        ),
        (
            "Starting on phase 2. I have the digest but not the salt, and without it the commitment can't "
            "be recomputed. According to the spec the salt stands beside the text, so I'll read it from "
            "there."
        ),
        (
            "Ich mache mit der Prüfung weiter. Nur der erste Block hat eine Signatur, die anderen gelten "
            "als geprüft, also muss ich nur den ersten nachrechnen. Lass mich das Skript starten."
        ),
        (
            "Seguindo com a verificação. Só o primeiro bloco tem assinatura, então preciso conferir apenas "
            "esse. Deixa eu rodar o script primeiro."
        ),
    ],
    ids=["seed", "other words", "no let me", "German", "Portuguese"],
)
def test_text_that_goes_on_thinking_before_a_tool_use_is_found_whole(text: str) -> None:
    (finding,) = in_text(text)
    assert text[finding.start : finding.end] == text
    assert finding.leak_class in PLANS


THOUGHT = (
    "Actually, looking at the JSON, the field holds plain text, but it was signed as base64.\n"
    "Wait - looking at the verify function, it takes the text as it is and decodes it itself.\n"
    "So I need the base64 of the text."
)
OTHERWISE = (
    "Hmm, the record is JSON inside JSON here. Did the signer escape it twice?\n"
    "No, the second one is done by the tool. So decode once, and not twice."
)
PORTUGUESE = (
    "Na verdade, olhando o JSON, o campo está em texto puro.\n"
    "Espera, a função de verificação já decodifica. Então preciso do base64."
)
CHINESE = "等等，看一下校验函数，它自己会解码。\n所以这里应该用 base64，不对，用原文就行。"


def marked(thought: str, mark: str, end: str = "") -> str:
    return "\n".join(mark + line for line in thought.split("\n")) + end


def source(thought: str, mark: str, before: str, after: str, end: str = "") -> str:
    return f"{before}\n{marked(thought, mark)}{end}\n{after}\n"


PYTHON = source(THOUGHT, "# ", 'pk = "..."\n# The data of the second block.', "import base64")
TOOLS: list[tuple[str, object, str, str]] = [
    ("python_interpreter", {"code": PYTHON}, THOUGHT, "# "),
    ("execute", {"language": "python", "code": source(OTHERWISE, "# ", "x = 1", "y = 2")}, OTHERWISE, "# "),
    ("Write", {"file_path": "v.go", "content": source(THOUGHT, "// ", "package v", "var x = 1")}, THOUGHT, "// "),
    ("create_file", {"path": "V.java", "contents": source(OTHERWISE, "// ", "class V {", "}")}, OTHERWISE, "// "),
    ("Edit", {"file_path": "v.rs", "old_string": "fn f() {}", "new_string": source(THOUGHT, "// ", "fn f() {", "}")}, THOUGHT, "// "),
    ("write_file", {"path": "v.c", "content": source(THOUGHT, " * ", "/*", "int x;", "\n */")}, THOUGHT, " * "),
    ("write_file", {"path": "v.sql", "content": source(OTHERWISE, "-- ", "select 1;", "select 2;")}, OTHERWISE, "-- "),
    ("write_file", {"path": "v.lua", "content": source(THOUGHT, "-- ", "local x = 1", "return x")}, THOUGHT, "-- "),
    ("write_file", {"path": "v.html", "content": f"<p>a</p>\n<!-- {THOUGHT} -->\n"}, THOUGHT, ""),
    ("Bash", {"command": f"cat > v.py <<'EOF'\n{PYTHON}EOF\npython v.py"}, THOUGHT, "# "),
    ("Bash", {"command": f"python3 -c '\n{PYTHON}'"}, THOUGHT, "# "),
    ("shell", {"command": "node -e '\n" + source(OTHERWISE, "// ", "let x;", "x = 1") + "'"}, OTHERWISE, "// "),
    ("apply_patch", {"input": "*** Begin Patch\n*** Add File: v.py\n" + marked(PYTHON.rstrip(), "+") + "\n*** End Patch"}, THOUGHT, "+# "),
    ("NotebookEdit", {"notebook_path": "v.ipynb", "new_source": PYTHON, "cell_type": "code"}, THOUGHT, "# "),
    ("call", {"arguments": json.dumps({"code": PYTHON})}, THOUGHT, "# "),
    ("Write", {"file_path": "v.ts", "content": source(PORTUGUESE, "// ", "let x;", "x = 1")}, PORTUGUESE, "// "),
    ("Write", {"file_path": "v.py", "content": source(CHINESE, "# ", "x = 1", "y = 2")}, CHINESE, "# "),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tool", "value", "thought", "mark"),
    TOOLS,
    ids=[f"{i}-{each[0]}" for i, each in enumerate(TOOLS)],
)
def test_a_comment_that_thinks_is_found_from_its_first_word_to_its_last(
    tool: str, value: object, thought: str, mark: str
) -> None:
    content, (finding,) = in_tool(tool, value)
    words = content[finding.start : finding.end]
    for _ in range(2):  # what stands in JSON in JSON is escaped twice
        words = words.replace("\\\\", "\\").replace("\\n", "\n")
    assert words == thought.replace("\n", "\n" + mark)
    assert finding.tier is Tier.STRONG


def items(shared: Path) -> list[dict[str, Any]]:
    lines = (shared / "leaks" / "dev.jsonl").read_text(encoding="utf-8").split("\n")
    found = [json.loads(line) for line in lines if line]
    return [each for each in found if each["repo"].startswith("weberr13/")]


def test_both_cases_as_they_were_recorded_are_found(shared: Path) -> None:
    seen = set()
    for item in items(shared):
        text = item["excerpt"]
        if item["surface"] == "text_block":
            found = in_text(text)
        else:
            content, found = in_tool("python_interpreter", {"code": text})
        if item["label"] == "leak":
            (finding,) = found
            seen.add(item["subtype"])
        if item["label"] == "clean":
            assert found == []
        if item["subtype"] == "self_correction":
            words = json.loads('"' + content[finding.start : finding.end] + '"')
            assert words.startswith("Actually, looking at the JSON")
            assert words.endswith("So I need the base64 encoding of the CoT text.")
            assert finding.tier is Tier.STRONG
        elif item["subtype"] == "planning":
            assert text[finding.start : finding.end] == text
            assert finding.leak_class in PLANS
    assert seen == {"self_correction", "planning"}


def iolite_records(value: object) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [record for each in value for record in iolite_records(each)]
    if not isinstance(value, dict):
        return []
    below = [record for each in value.values() for record in iolite_records(each)]
    return [value, *below] if "namespace" in value and "data" in value else below


@pytest.mark.parametrize(
    ("name", "thinking"),
    [
        ("examples-3.json", 2),
        ("examples-thereAreFourLights.json", 1),
        ("dreams-Elevators-bothHydrated-v2-0006.debate", 2),
    ],
)
def test_thinking_in_real_transcripts_is_found_and_their_answers_are_clean(
    shared: Path, name: str, thinking: int
) -> None:
    records = iolite_records(json.loads((shared / "iolite" / name).read_text(encoding="utf-8")))
    assert {each["namespace"] for each in records} >= {"cot", "text"}
    found = {
        space: {
            each["data"] for each in records if each["namespace"] == space and in_text(each["data"])
        }
        for space in ("cot", "text")
    }
    assert found["text"] == set()
    assert len(found["cot"]) >= thinking
