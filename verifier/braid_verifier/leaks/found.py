"""Where the comments of a source stand, halves of comments and doc strings included."""

from __future__ import annotations

import re

from braid_verifier.leaks.lexicons import lexicon
from braid_verifier.leaks.lexing import Comment, Heredoc, line_start

_STARRED = frozenset(
    ("c", "cpp", "java", "javascript", "jsx", "typescript", "tsx", "csharp", "kotlin", "swift")
    + ("rust", "go", "php", "css", "scss", "scala", "dart", "groovy", "sql", "objective-c", None)
)
_STARRED_LINE = re.compile(r"\s*\*(?:[ \t/]|\r?\n|\Z)")
_PAGES = ("html", "vue", "svelte")
_ISLAND = re.compile(
    r"<(?P<tag>script|style)\b(?P<attrs>[^<>]*+)>(?P<code>[\s\S]*?)(?:</(?P=tag)|\Z)", re.IGNORECASE
)
# A shell script in a workflow or in the definition of a pipeline.
_SCRIPT_KEY = re.compile(r"\b(?:run|script|bash|command|cmd|commands|inlineScript)[ \t]*:[ \t]*\Z")
_DELIMITER = re.compile(r"\"\"\"|'''")
_OPENS_STRING = re.compile(
    r"(?:\A|[=(\[{,:+%>]|\b(?:return|in|yield|and|or|not))\s*[rRuUbBfF]{0,2}\Z"
)
_OPENS_BODY = re.compile(
    r"^[ \t]*(?:(?:async[ \t]+)?def|class)\b.*:\Z|^[ \t]*[)\]].*:\Z", re.MULTILINE
)
_LOOK_BACK = 200


def found_in(source: str, language: str | None) -> list[Comment]:
    """Find the comments of a source with their markers, ascending."""
    if language == "python":
        return _python(source)
    if language in _PAGES:
        return _page(source)
    if language == "yaml":
        return _yaml(source)
    cut = _begins_inside(source) if language in _STARRED else 0
    if not cut:
        return lexicon(language).comments(source)
    return [Comment(0, cut, True), *_moved(lexicon(language).comments(source[cut:]), cut)]


def _moved(comments: list[Comment], by: int) -> list[Comment]:
    return [Comment(comment.start + by, comment.end + by, comment.block) for comment in comments]


def _begins_inside(source: str) -> int:
    """Tell a piece that begins inside a comment of stars: where that comment ends, else 0."""
    closes, opens = source.find("*/"), source.find("/*")
    first = _STARRED_LINE.match(source) is not None
    if closes >= 0 and not 0 <= opens <= closes:
        line = source[line_start(source, closes) : closes]
        inside = first or not line.strip(" \t*") or _STARRED_LINE.match(line)
        return closes + 2 if inside else 0
    end = 0
    if first and closes < 0 and opens < 0:
        for line in source.splitlines(keepends=True):
            if line.strip() and not _STARRED_LINE.match(line):
                break
            end += len(line)
    return end


def _page(source: str) -> list[Comment]:
    """Look at markup, and at the scripts and styles between it."""
    found: list[Comment] = []
    islands = list(_ISLAND.finditer(source))
    for island in islands:
        language = "css"
        if island["tag"].lower() == "script":
            language = "json" if "json" in island["attrs"] else "tsx"
        elif "lang" in island["attrs"]:
            language = "scss"
        found += _moved(lexicon(language).comments(island["code"]), island.start("code"))
    at = 0
    for comment in lexicon("html").comments(source):
        while at < len(islands) and islands[at].end("code") <= comment.start:
            at += 1
        if at == len(islands) or comment.start < islands[at].start("code"):
            found.append(comment)
    return sorted(found, key=lambda comment: comment.start)


def _yaml(source: str) -> list[Comment]:
    scalars: list[Heredoc] = []
    found = lexicon("yaml").comments(source, scalars)
    for scalar in scalars:
        if _SCRIPT_KEY.search(source, max(0, scalar.opening - _LOOK_BACK), scalar.opening):
            script = lexicon("shell").comments(source[scalar.start : scalar.end])
            found += _moved(script, scalar.start)
    return sorted(found, key=lambda comment: comment.start)


def _python(source: str) -> list[Comment]:
    begins = _begins_in_string(source)
    found = lexicon("python").comments(source[begins:] if begins else source)
    if begins:
        found = [Comment(0, begins, True), *_moved(found, begins)]
    return [
        comment
        for place, comment in enumerate(found)
        if not comment.block or not comment.start or _is_doc(source, found, place)
    ]


def _is_doc(source: str, found: list[Comment], place: int) -> bool:
    """Tell a string that is the first statement of a module, a class or a function."""
    start = found[place].start
    line = line_start(source, start)
    if source[line:start].strip(" \trRuU"):
        return False
    for comment in reversed(found[max(0, place - _COMMENTS_BEFORE) : place]):
        if line - comment.end > _LOOK_BACK or comment.block or source[comment.end : line].strip():
            break
        line = line_start(source, comment.start)
        if source[line : comment.start].strip():
            line = comment.start
            break
    if line <= _LOOK_BACK and not source[:line].strip():
        return True
    head = source[max(0, line - _LOOK_BACK) : line].rstrip()
    return _OPENS_BODY.search(head[head.rfind("\n") + 1 :]) is not None


_COMMENTS_BEFORE = 40


def _begins_in_string(source: str) -> int:
    """Tell a piece that begins inside a string of three quotes: where that ends, else 0."""
    if '"""' not in source and "'''" not in source:
        return 0
    first = _DELIMITER.search(source)
    if first is None or source.count(first[0]) % 2 == 0:
        return 0
    line = line_start(source, first.start())
    head = source[line : first.start()].strip(" \t")
    tail = source[first.end() : first.end() + _LOOK_BACK].partition("\n")[0].strip()
    before = source[max(0, line - _LOOK_BACK) : line].rstrip()
    if head.strip("rRuUbBfF"):
        closes = _OPENS_STRING.search(head) is None
    elif tail:
        closes = tail[0] in ").,]}"
    else:
        closes = bool(before) and _OPENS_STRING.search(before) is None
    return first.end() if closes else 0
