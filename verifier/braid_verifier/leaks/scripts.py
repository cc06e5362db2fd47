"""Shell commands: their comments, and the code and prose they carry inside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from braid_verifier.leaks import code, prose
from braid_verifier.leaks.comments import comments_of
from braid_verifier.leaks.languages import interpreted, language_of
from braid_verifier.leaks.lexicons import lexicon
from braid_verifier.leaks.lexing import Heredoc, line_start
from braid_verifier.leaks.passage import Passage
from braid_verifier.leaks.written import Fresh, Piece, Written

_TARGET = re.compile(r"(?:>{1,2}|\btee(?:[ \t]+-a)?)[ \t]*[\"']?([\w@%+=:,./~${}-]+)")
_MESSAGE = re.compile(r"\b(?:git[ \t]+(?:-\S+[ \t]+)*(?:commit|tag|notes)|(?:gh|glab)[ \t]+\w+)\b")
_APPLIED = re.compile(r"\b(?:patch|git[ \t]+apply|apply_patch)\b")
# A program, or a message, given as an argument: the option, and the word before it that takes it.
_OPTION = re.compile(
    r"-(?P<option>-?(?:l?c|e|p|pe|r|eval|print|command|execute|[a-z]*m|message|body|b|notes))"
    r"[ \t=]{1,4}(?P<quote>\$?['\"])"
)
_PROGRAM = re.compile(
    r"\b(?:python|pypy|node|nodejs|deno|bun|ruby|perl|php|Rscript|lua|bash|sh|zsh|psql|mysql|sqlite3|duckdb)[\d.]*[ \t]"
)
_PROGRAM_OPTIONS = frozenset(
    ("c", "lc", "e", "p", "pe", "r", "-eval", "-print", "-command", "-execute")
)
_TAKES_PROGRAM = re.compile(rf" -(?:{'|'.join(sorted(_PROGRAM_OPTIONS))})\Z")
_SAYS = re.compile(r"\b(?:commit|create|comment|edit|tag|merge)[ \t]")
_NEAR = 200
_COMMAND_ENDS = re.compile(r"[\n;|&]")
_SINGLE = re.compile(r"(?:[^']++|'\\''|'\"'\"')*+")
_DOUBLE = re.compile(r"(?:[^\"\\]++|\\[\s\S])*+")
_APART = re.compile(r"'\\''|'\"'\"'")
_ESCAPED = re.compile(r"\\(?:([\"\\$`])|\n)")
_C_ESCAPED = re.compile(r"\\([nt'\"\\])")
_LETTERS = {"n": "\n", "t": "\t"}


def shell(text: Written, fresh: Fresh | None = None) -> Iterator[Passage]:
    """Take a command or a script of the shell apart.

    The body of a heredoc is in the language of the file it is written to or of the program that
    reads it, and prose where neither says; so are programs and messages given as arguments.
    """
    yield from comments_of(text, "shell", fresh)
    words = text.text
    if "<<" in words:
        bodies: list[Heredoc] = []
        lexicon("shell").comments(words, bodies)
        for body in bodies:
            inside = _moved(fresh, body.start)
            yield from _body(text.slice(body.start, body.end), _line(words, body.opening), inside)
    for option in _OPTION.finditer(words):
        start = option.end()
        if fresh is not None and not fresh(option.start(), start):
            continue
        command = _COMMAND_ENDS.split(words[max(0, option.start() - _NEAR) : option.start()])[-1]
        program = _PROGRAM.search(command) if option["option"] in _PROGRAM_OPTIONS else None
        if program is None and not _SAYS.search(command):
            continue
        inner = _quoted(text, start, option["quote"])
        if inner is None:
            continue
        if program is not None:
            yield from code.passages_of(inner, interpreted(program[0]) or "shell")
        elif not inner.text.startswith("$("):
            yield from prose.prose(inner)


def arguments(texts: Iterable[Written], program: str = "") -> Iterator[Passage]:
    """Take a command apart that is one text, or a list of the arguments of `program`.

    A patch, or a program behind the option that takes it, is an argument by itself there, without
    quotes of the shell.
    """
    line = program
    for text in texts:
        if _APPLIED.search(line):
            yield from code.passages_of(text, "diff")
        elif _TAKES_PROGRAM.search(line) and (language := interpreted(line)) is not None:
            yield from code.passages_of(text, language)
        else:
            yield from shell(text)
        line = f"{line} {text.text[:_NEAR]}".lstrip()[-_NEAR:]


def _moved(fresh: Fresh | None, by: int) -> Fresh | None:
    return None if fresh is None else lambda start, end: fresh(start + by, end + by)


def _line(words: str, at: int) -> str:
    start = line_start(words, at)
    end = words.find("\n", at, at + 400)
    return words[start : end if end >= 0 else at + 400]


def _body(body: Written, line: str, fresh: Fresh | None) -> Iterator[Passage]:
    if _APPLIED.search(line):
        yield from code.passages_of(body, "diff", None, fresh)
    elif _MESSAGE.search(line):
        yield from prose.prose(body, fresh)
    elif (target := _TARGET.search(line)) and not target[1].startswith(("/dev/", "&")):
        language = language_of(target[1])
        if language == "text":
            yield from prose.prose(body, fresh)
        else:
            yield from code.passages_of(body, language, None, fresh)
    elif (language := interpreted(line)) is not None:
        yield from code.passages_of(body, language, None, fresh)
    else:
        yield from prose.prose(body, fresh)


def _quoted(text: Written, start: int, quote: str) -> Written | None:
    """Take the inside of a quoted argument, the shell's escapes undone."""
    words = text.text
    pattern, escapes = {
        "'": (_SINGLE, _APART),
        '"': (_DOUBLE, _ESCAPED),
        "$'": (_C_SINGLE, _C_ESCAPED),
        '$"': (_DOUBLE, _ESCAPED),
    }[quote]
    inside = pattern.match(words, start)
    end = inside.end() if inside else start
    if end >= len(words) and words[end - 1 : end] != quote[-1]:
        end = len(words)
    if end == start:
        return None
    pieces: list[Piece] = []
    at = start
    for escape in escapes.finditer(words, start, end):
        pieces.append((at, escape.start(), None))
        if escapes is _APART:
            instead = "'"
        else:
            letter = escape[1] or ""
            instead = _LETTERS.get(letter, letter) if escapes is _C_ESCAPED else letter
        if instead:
            pieces.append((escape.start(), escape.end(), instead))
        at = escape.end()
    pieces.append((at, end, None))
    return text.cut(pieces)


_C_SINGLE = re.compile(r"(?:[^'\\]++|\\[\s\S])*+")
