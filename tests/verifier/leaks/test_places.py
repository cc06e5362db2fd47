"""Where the author's words stand in a block: tools, patches, commands, notebooks, prose."""

from __future__ import annotations

import json

import pytest

from braid_verifier.leaks.passage import Passage
from braid_verifier.leaks.places import passages

PATCH = """\
*** Begin Patch
*** Add File: a.go
+package a
+
+// yes one
+var s = "// no"
*** Update File: src/b.py
@@ def f():
 # no, context
-# no, removed
+# yes two
 x = '''
+# no, inside a string
 '''
*** End Patch"""
UNIFIED = """\
diff --git a/x.ts b/x.ts
index 12345678..abcdef01 100644
--- a/x.ts
+++ b/x.ts
@@ -1,3 +1,4 @@ // no
 // no, context
-// no, removed
+// yes one
+const u = 'http://no';
 /* no, a comment
+ * yes two
   no, as it was */
"""


def of_tool(value: object, name: str = "") -> list[Passage]:
    return list(passages("tool_use", "application/json", json.dumps(value), {"name": name}))


def texts(found: list[Passage]) -> list[str]:
    return [passage.text for passage in found]


INPUTS: list[tuple[str, object]] = [
    ("Write", {"file_path": "/a/b.py", "content": "# yes\nx = '# no'\n"}),
    ("write_file", {"file_path": "b.ts", "content": "// yes\nconst x = `// no`\n"}),
    ("create_file", {"path": "B.java", "contents": "/* yes */ class B { String s = \"// no\"; }"}),
    ("Edit", {"file_path": "a.py", "old_string": "# no\nx = 1", "new_string": "# no\n# yes\nx = 1"}),
    ("replace", {"file_path": "a.rs", "old_string": "x // no", "new_string": "xy // no\n// yes"}),
    (
        "MultiEdit",
        {
            "edits": [
                {"old_string": "a", "new_string": "a // yes one"},
                {"old_string": "", "new_string": "s = '# no' // yes two"},
            ],
            "file_path": "a.js",
        },
    ),
    ("str_replace_editor", {"command": "create", "path": "a.sh", "file_text": "echo '# no'\n# yes"}),
    (
        "str_replace_based_edit_tool",
        {"command": "str_replace", "path": "a.c", "old_str": "/* no */", "new_str": "/* no */ /* yes */"},
    ),
    ("text_editor", {"command": "insert", "path": "a.lua", "insert_line": 2, "insert_text": "-- yes"}),
    ("NotebookEdit", {"notebook_path": "n.ipynb", "cell_type": "code", "new_source": "x = '# no'  # yes"}),
    ("NotebookEdit", {"notebook_path": "n.ipynb", "cell_type": "markdown", "new_source": "yes, words"}),
    ("edit_file", {"target_file": "a.kt", "code_edit": "// yes\nval x = \"// no\"", "instructions": "no"}),
    ("apply_patch", {"input": PATCH}),
    ("apply_patch", {"patch": UNIFIED}),
    ("shell", {"command": ["bash", "-lc", f"apply_patch <<'EOF'\n{PATCH}\nEOF\n"]}),
    ("shell", {"command": ["apply_patch", PATCH]}),
    ("shell", {"command": ["/usr/bin/node", "-e", "f('# no') // yes"]}),
    ("shell", {"command": ["python3", "-c", "x = '# no'  # yes\nprint(x)"]}),
    ("run", {"command": "node", "args": ["--no-warnings", "-e", "// yes\nf('# no')"]}),
    ("run", {"commands": ["python no.py", "ls # yes"]}),
    ("replace_in_file", {"path": "a.rb", "diff": "<<<<<<< SEARCH\n# no\n=======\n# no\n# yes\n>>>>>>> REPLACE"}),
    ("Bash", {"command": "cat > f.py <<'EOF'\n# yes one\ns = '# no'\nEOF\necho '# no' # yes two"}),
    ("Bash", {"command": "python3 -c \"\nx = '# no'  # yes\nprint(\\\"# no\\\")\n\""}),
    ("Bash", {"command": "node -e '// yes\nconst a = `it'\\''s // no`'"}),
    ("Bash", {"command": "python - <<PY\n# yes\nPY\npsql -c 'select 1 -- yes, too'"}),
    ("Bash", {"command": "git commit -m \"$(cat <<'EOF'\nyes, words of a message\nEOF\n)\""}),
    ("Bash", {"command": "git add . && git commit -m 'yes, words of a message'"}),
    ("Bash", {"command": "cat <<EOF | tee README.md\nyes, words\n\n```py\nx = '# no' # yes, code\n```\nEOF"}),
    ("Bash", {"command": "git commit -F - <<EOF && python no.py\nyes # words\nEOF"}),
    ("python_interpreter", {"code": "# yes\nx = '# no'"}),
    ("execute", {"language": "javascript", "code": "f('# no') // yes"}),
    ("bash_code_execution", {"command": "ls # yes"}),
    ("text_editor_code_execution", {"command": "create", "path": "a.py", "file_text": "# yes"}),
    ("run_sql", {"query": "SELECT '-- no'\nFROM t -- yes"}),
    ("search", {"query": "no, nothing but words to search for"}),
    ("Task", {"description": "no", "prompt": "yes, " + "a long string of words " * 5}),
    ("proxy", {"payload": json.dumps({"path": "a.py", "content": "# yes\nx = '# no'"})}),
    (
        "Write",
        {
            "file_path": "n.ipynb",
            "content": json.dumps(
                {
                    "cells": [
                        {"cell_type": "markdown", "source": ["yes, ", "words"]},
                        {"cell_type": "code", "source": ["# yes\n", "s = '# no'\n"], "outputs": [{"text": ["# no\n"]}]},
                    ],
                    "metadata": {"kernelspec": {"language": "python"}},
                }
            ),
        },
    ),
    ("think", {"thought": "yes, a thought"}),
    ("sequentialthinking", {"thought": "yes, a thought", "nextThoughtNeeded": True, "thoughtNumber": 1}),
    ("agent", {"thought": "yes, a thought", "action": "search", "action_input": "no"}),
    ("AgentOutput", {"current_state": {"thinking": "yes, a thought", "memory": "no"}, "action": []}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), INPUTS)
def test_words_are_found_in_the_input_of_a_tool(name: str, value: object) -> None:
    found = texts(of_tool(value, name))
    content = json.dumps(value)
    assert len(found) == content.count("yes")
    assert all(text.startswith("yes") for text in found)
    assert not any("no" in text.split() for text in found)


@pytest.mark.parametrize(("name", "value"), INPUTS)
def test_every_letter_found_stands_in_the_content(name: str, value: object) -> None:
    content = json.dumps(value)
    for passage in of_tool(value, name):
        for at, letter in enumerate(passage.text):
            if letter.isalnum():
                opens, closes = passage.source_span(at, at + 1)
                assert content[opens:closes] == letter


@pytest.mark.parametrize(("name", "value"), INPUTS)
def test_an_input_cut_anywhere_is_read_without_fault(name: str, value: object) -> None:
    content = json.dumps(value)
    for at in range(0, len(content), 3):
        for piece in (content[:at], content[at:]):
            for passage in passages("tool_use", "application/json", piece, {"name": name}):
                opens, closes = passage.source_span(0, len(passage.text))
                assert 0 <= opens < closes <= len(piece)


def test_a_cut_input_shows_what_came() -> None:
    content = '{"file_path": "a.py", "content": "x = 1\\n# yes, but it is cu'
    (passage,) = passages("tool_use", "application/json", content, {"name": "Write"})
    assert passage.text == "yes, but it is cu"


def test_a_tool_that_takes_any_text() -> None:
    found = list(passages("tool_use", "text/plain", PATCH, {"name": "apply_patch"}))
    assert [(each.text, each.language) for each in found] == [
        ("yes one", "go"),
        ("yes two", "python"),
    ]
    (found_one,) = passages("tool_use", "text/plain", "x = 1  # yes", {"name": "code_interpreter"})
    assert (found_one.text, found_one.language) == ("yes", "python")


def test_a_think_tool_and_a_field_of_react_are_told_by_structure() -> None:
    (think,) = of_tool({"thought": "Two and two."}, "think")
    (react,) = of_tool({"thought": "Two and two.", "action": "add"}, "agent")
    assert (think.kind, think.structure) == ("thought", "think_tool")
    assert (react.kind, react.structure) == ("thought", "react_thought")


@pytest.mark.parametrize("kind", ["thinking", "prompt", "system", "tool_result", "tools", "media"])
def test_other_blocks_hold_no_passages(kind: str) -> None:
    assert list(passages(kind, "text/plain", b"Wait. # no", {})) == []


def test_the_prose_of_a_text_is_set_apart_from_what_is_not() -> None:
    content = (
        "First words, `no` and \"no, quoted\".\n\n> no, quoted\n\nMore words.\n"
        "```python\nx = '# no'  # a comment\n```\nThen:\n"
        "2025-01-02 03:04:05 no, a log\nTraceback (most recent call last):\n"
        '  File "no.py", line 3, in no\n$ echo no\n'
        "````md\nA document.\n```\nno\n```\n````\nThe end."
    )  # fmt: skip
    found = list(passages("text", "text/plain", content.encode(), {}))
    assert [(each.text, each.language) for each in found] == [
        ("First words, \x1a and \x1a.", None),
        ("More words.", None),
        ("a comment", "python"),
        ("Then:", None),
        ("A document.", None),
        ("The end.", None),
    ]


def test_fields_of_react_in_a_text_are_thoughts() -> None:
    content = (
        "Thought: I need the sum.\nIt is small.\nAction: add\nAction Input: no\n"
        "Observation: no\nThought: Done now.\nFinal Answer: 4"
    )
    found = list(passages("text", "text/plain", content, {}))
    assert [(each.text, each.structure) for each in found] == [
        ("I need the sum.\nIt is small.", "react_thought"),
        ("Done now.", "react_thought"),
    ]
    assert texts(list(passages("text", "text/plain", "Thought: no label beside it.", {}))) == [
        "Thought: no label beside it."
    ]


def test_text_recorded_as_a_literal_keeps_its_offsets() -> None:
    content = '"' + "".join(f"\\u{ord(letter):04x}" for letter in "ab\ud800 c") + '"'
    (passage,) = passages("text", "application/json", content, {})
    assert passage.text == "ab\ud800 c"
    assert passage.source_span(1, 2) == (7, 13)
    for broken in ('"', '"\\', '"\\u12', '"abc'):
        assert all(
            each.written.sources for each in passages("text", "application/json", broken, {})
        )
