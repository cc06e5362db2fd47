"""What a model writes for tools: files, edits, patches, commands, code, and words.

Which member of an input is what is known by its name, as the tools of agents in use call it;
a long string under any other name is taken for prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from braid_verifier.leaks import code, prose, scripts
from braid_verifier.leaks.json_text import Object, objects
from braid_verifier.leaks.languages import guessed, language_named, language_of
from braid_verifier.leaks.passage import Passage
from braid_verifier.leaks.patches import is_patch, new_against
from braid_verifier.leaks.written import Written

_PATHS = (
    "file_path", "path", "filePath", "filepath", "file", "filename", "fileName", "target_file",
    "TargetFile", "absolute_path", "AbsolutePath", "notebook_path", "relative_workspace_path",
    "relative_path", "target_notebook", "uri", "file_name",
)  # fmt: skip
_EDITS = {
    "new_str": "old_str", "new_string": "old_string", "newString": "oldString",
    "newText": "oldText", "new_text": "old_text", "replace": "search", "replacement": "search",
    "new_content": "old_content", "newContent": "oldContent", "ReplacementContent": "TargetContent",
    "repl": "needle", "new_source": "old_source",
}  # fmt: skip
_FILES = frozenset(
    ("content", "file_text", "contents", "insert_text", "code_edit", "CodeContent", "file_content")
    + ("fileContent", "text", "new_source", "new_contents", "data", "cell_content", "full_content")
)
_CODE = {
    "code": None, "source": None, "script": None, "program": None, "source_code": None,
    "python": "python", "python_code": "python", "py": "python", "javascript": "javascript",
    "js": "javascript", "typescript": "typescript", "sql": "sql", "query": "", "expression": "",
    "html": "html", "css": "css", "function": "",
}  # fmt: skip
_COMMANDS = frozenset(
    (
        "command",
        "cmd",
        "commands",
        "shell_command",
        "bash",
        "shell",
        "CommandLine",
        "script_content",
    )
    + ("args", "input_command")
)
_PROGRAMS = ("command", "cmd", "program", "executable")
_PATCHES = frozenset(
    ("patch", "diff", "unified_diff", "patch_text", "patchText", "changes", "input")
)
_THOUGHTS = frozenset(
    ("thought", "thoughts", "thinking", "reasoning", "chain_of_thought", "scratchpad", "reflection")
    + ("inner_monologue", "internal_monologue", "inner_thoughts", "rationale", "thought_process")
    + ("evaluation_previous_goal", "criticism", "cot")
)
_ACTIONS = frozenset(
    ("action", "actions", "action_input", "tool", "tool_name", "tool_input", "next_action")
    + ("next_goal", "command", "function", "final_answer", "request_heartbeat")
)
_THINK_TOOL = re.compile(
    r"(?:^|[._-])(?:think|thinking|think_?tool|thought|thoughts|sequential_?thinking|scratch_?pad|"
    r"reflect|reflection|reason|reasoning|ponder|brainstorm)(?:$|[._-])",
    re.IGNORECASE,
)
_TOOL_LANGUAGES = (
    (
        re.compile(r"python|jupyter|code_interpreter|code_execution|notebook", re.IGNORECASE),
        "python",
    ),
    (re.compile(r"sql|postgres|bigquery|snowflake", re.IGNORECASE), "sql"),
    (
        re.compile(r"javascript|(?:^|_)js(?:$|_)|node|browser_evaluate|playwright", re.IGNORECASE),
        "javascript",
    ),
    (re.compile(r"bash|shell|terminal|exec|command", re.IGNORECASE), "shell"),
)
#: A string under a name nobody knows is prose from this length on.
LONG = 80
_DEPTH = 3
_SPACED = 200


def tool_input(text: Written, tool: str, is_json: bool = True) -> Iterator[Passage]:
    """Find the passages in the input of a tool; `tool` is its name, empty where not known.

    `is_json` is false for tools that take any text. JSON may be cut or broken.
    """
    if not is_json and not text.text.lstrip().startswith(("{", "[")):
        yield from _bare(text, tool)
        return
    yield from _json(text, tool, 0)


def _bare(text: Written, tool: str) -> Iterator[Passage]:
    if _THINK_TOOL.search(tool):
        yield from prose.thought(text, "think_tool")
        return
    language = None if is_patch(text.text) else _language_of_tool(tool) or guessed(text.text)
    if language is None and not is_patch(text.text):
        yield from prose.prose(text)
    else:
        yield from code.passages_of(text, language)


def _json(text: Written, tool: str, depth: int) -> Iterator[Passage]:
    thinks = _THINK_TOOL.search(tool) is not None
    # A path or a language stands beside the edits that are lists of objects.
    found = list(objects(text))
    outer = found[-1].word(*_PATHS) if found else None
    for each in found:
        path = (each.word(*_PATHS) if each.members else None) or outer
        for name in each.members:
            yield from _member(each, name, path, tool, thinks, depth)


def _member(
    each: Object, name: str, path: str | None, tool: str, thinks: bool, depth: int
) -> Iterator[Passage]:
    if name in _PATHS:
        return
    if name in _EDITS:
        old = "\n".join(text.text for text in each.texts(_EDITS[name]))
        for new in each.texts(name):
            language = _cell_language(each) if name == "new_source" else None
            yield from _file(new, language, path, old)
        return
    if name in _EDITS.values():
        return
    if name in _COMMANDS:
        program = each.word(*_PROGRAMS) if name == "args" else None
        yield from scripts.arguments(each.texts(name), program or "")
        return
    for text in each.texts(name):
        if name in _THOUGHTS or (thinks and len(text.text) >= _SHORT):
            acts = not thinks and (not _ACTIONS.isdisjoint(each.members) or each.name in _ACTED)
            yield from prose.thought(text, "react_thought" if acts else "think_tool")
        elif name in _CODE:
            yield from _code(text, name, each, path, tool)
        elif name in _PATCHES and is_patch(text.text):
            yield from code.passages_of(text, "diff", path)
        elif name in _FILES and path is not None:
            yield from _file(text, None, path, "")
        else:
            yield from _unknown(text, tool, depth)


_SHORT = 20
_ACTED = frozenset(("current_state", "thoughts", "state", "agent_state"))


def _cell_language(each: Object) -> str:
    return "markdown" if each.word("cell_type") == "markdown" else "python"


def _file(new: Written, language: str | None, path: str | None, old: str) -> Iterator[Passage]:
    if language is None and path is not None:
        language = language_of(path)
    if language == "text" or (language is None and guessed(new.text) is None and path is None):
        language = "markdown"
    yield from code.passages_of(new, language, path, new_against(new.text, old) if old else None)


def _code(text: Written, name: str, each: Object, path: str | None, tool: str) -> Iterator[Passage]:
    language = _CODE[name]
    if language is None:
        said = each.word("language", "lang", "runtime", "kernel", "interpreter")
        language = (language_named(said) if said else None) or (
            language_of(path) if path else _language_of_tool(tool)
        )
    elif not language:
        # A query or an expression may be anything, words to search for among them.
        language = guessed(text.text)
        if language is None:
            yield from _unknown(text, tool, _DEPTH)
            return
    yield from code.passages_of(text, language)


def _language_of_tool(tool: str) -> str | None:
    return next((language for name, language in _TOOL_LANGUAGES if name.search(tool)), None)


def _unknown(text: Written, tool: str, depth: int) -> Iterator[Passage]:
    words = text.text
    if words.lstrip().startswith(("{", "[")) and '"' in words[:_SPACED]:
        if depth < _DEPTH:
            yield from _json(text, tool, depth + 1)
        return
    if len(words) < LONG or not any(letter.isspace() for letter in words[:_SPACED]):
        return
    if is_patch(words):
        yield from code.passages_of(text, "diff")
        return
    language = guessed(words)
    if language is not None and language != "sql" and "\n" in words:
        yield from code.passages_of(text, language)
    else:
        yield from prose.prose(text)
