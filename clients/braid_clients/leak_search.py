"""Where `braid leaks` looks: transcripts, chat logs and files, each giving findings with places."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from braid import strict_json
from braid.errors import Malformed
from braid.node import Kind, Origin, read_header
from braid.transcript import FORMAT, TranscriptReader, Unreadable
from braid_clients.chat_logs import Said, read_log
from braid_verifier.leaks import Finding, Heard, detect, file_passages, judge, language_of

MAX_FILE = 8 * 1024 * 1024
"""Bytes of a source; what is longer was written by no model in one go."""
MAX_LOG = 512 * 1024 * 1024
"""Bytes of a chat log, which is read whole."""

# What no one wrote here: fetched, built, or kept by another program.
_SKIPPED = frozenset(
    ("node_modules", "bower_components", "vendor", "third_party", "site-packages", "__pycache__")
    + ("dist", "build", "target", "out", "venv", "env", "coverage", "htmlcov")
)
_NOT_WRITTEN = (".min.js", ".min.css", ".map", ".lock", "-lock.json", ".svg", ".ipynb_checkpoints")
_DATA = frozenset(("json", "ini", "diff"))
_HEAD = 4096
_BLOCKS = (Kind.TEXT, Kind.TOOL_USE)
_GIVEN = (Kind.PROMPT, Kind.SYSTEM, Kind.TOOL_RESULT)


@dataclass(frozen=True, slots=True)
class Leak:
    """A finding and where it is.

    `file` is as the user named it, or below the folder they named. `line` and `column` count from
    1; they are None where a file is no plain text. `block` says which block of a conversation.
    `words` is what stands there.
    """

    file: str
    finding: Finding
    words: str
    line: int | None = None
    column: int | None = None
    last_line: int | None = None
    last_column: int | None = None
    block: str | None = None
    node: str | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be looked at, and why."""

    file: str
    why: str


@dataclass(frozen=True, slots=True)
class Looked:
    """One file, or one braid, that was looked at whole."""

    file: str


Step = Leak | Unread | Looked


def search(path: Path, name: str) -> Iterator[Step]:
    """Look at a file, or at every file below a folder that somebody may have written."""
    if path.is_dir():
        closed: list[OSError] = []
        for below in _files(path, closed.append):
            yield from _search_file(below, os.path.join(name, below.relative_to(path)), False)
        for fault in closed:
            place = os.path.join(name, Path(fault.filename).relative_to(path))
            yield Unread(os.path.normpath(place), fault.strerror or type(fault).__name__)
    else:
        yield from _search_file(path, name, True)


def search_bytes(raw: bytes, name: str, asked: bool = True) -> Iterator[Step]:
    """Look at the bytes of a file; `asked` says that the user named just this one."""
    if _is_transcript(raw):
        yield from search_transcript(io.BytesIO(raw), name)
        return
    text = _text(raw)
    if text is None:
        if asked:
            yield Unread(name, "not text")
        return
    language = language_of(name)
    if language in (None, "json", "text") and (
        text.lstrip()[:1] in ("{", "[") or language == "json"
    ):
        said = read_log(text)
        if said is not None:
            yield from _search_log(said, name)
            return
        if name.endswith((".json", ".jsonl")) and asked:
            yield Unread(name, "no transcript, and no chat log in a form that is known")
            return
    if language in _DATA or (language is None and not asked):
        return
    if len(raw) > MAX_FILE:
        yield Unread(name, f"longer than {MAX_FILE} bytes")
        return
    yield from _search_source(text, name)


def search_transcript(file: BinaryIO, name: str) -> Iterator[Step]:
    """Look at the provider's blocks of a braid, and remember what clients and tools said before."""
    heard = Heard()
    try:
        for entry in TranscriptReader(file):
            node = entry.node
            if node is None or node.opened is None:
                continue
            try:
                header = read_header(node.h)
                attrs = strict_json.loads_object(
                    strict_json.decode_utf8(node.opened.attrs, "attrs"), "attrs"
                )
            except Malformed:
                continue
            if header.kind in _BLOCKS and header.origin is Origin.PROVIDER:
                content = node.opened.content
                block = f"node {header.seq}, {header.kind}"
                text = content.decode("utf-8", "surrogateescape")
                for finding in detect(header.kind, header.media, content, dict(attrs), heard):
                    words = text[finding.start : finding.end]
                    yield Leak(name, finding, words, block=block, node=node.s)
            elif header.kind in _GIVEN:
                heard.add(node.opened.content.decode("utf-8", "replace"))
    except Unreadable as fault:
        yield Unread(name, str(fault))
        return
    yield Looked(name)


def _search_log(said: list[Said], name: str) -> Iterator[Step]:
    heard = Heard()
    for block in said:
        if not block.by_model:
            heard.add(block.content)
            continue
        tool = block.attrs.get("name")
        place = f"{block.place}, {block.kind}" + (f" {tool}" if isinstance(tool, str) else "")
        for finding in detect(block.kind, block.media, block.content, block.attrs, heard):
            words = block.content[finding.start : finding.end]
            yield Leak(name, finding, words, line=block.line, block=place)
    yield Looked(name)


def _search_source(text: str, name: str) -> Iterator[Step]:
    lines: list[int] | None = None
    for finding in judge(file_passages(name, text)):
        if lines is None:
            lines = [0]
            while (newline := text.find("\n", lines[-1])) >= 0:
                lines.append(newline + 1)
        first = bisect_right(lines, finding.start)
        last = bisect_right(lines, finding.end - 1)
        yield Leak(
            name,
            finding,
            text[finding.start : finding.end],
            first,
            finding.start - lines[first - 1] + 1,
            last,
            finding.end - lines[last - 1] + 1,
        )
    yield Looked(name)


def _search_file(path: Path, name: str, asked: bool) -> Iterator[Step]:
    if not asked and name.endswith(_NOT_WRITTEN):
        return
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            if b"\0" in head and not asked:
                return
            if _is_transcript(head):
                file.seek(0)
                yield from search_transcript(file, name)
                return
            size = os.fstat(file.fileno()).st_size
            longest = MAX_LOG if name.endswith((".json", ".jsonl")) or asked else MAX_FILE
            if size > longest:
                yield Unread(name, f"longer than {longest} bytes")
                return
            raw = head + file.read()
    except OSError as fault:
        yield Unread(name, fault.strerror or type(fault).__name__)
        return
    yield from search_bytes(raw, name, asked)


def _files(folder: Path, closed: Callable[[OSError], object]) -> Iterator[Path]:
    for place, folders, files in os.walk(folder, onerror=closed):
        folders[:] = sorted(
            each for each in folders if not each.startswith(".") and each not in _SKIPPED
        )
        for each in sorted(files):
            path = Path(place, each)
            if path.is_file():
                yield path


def _is_transcript(head: bytes) -> bool:
    # A document or source may quote one.
    return head.lstrip()[:1] == b"{" and FORMAT.encode() in head[:_HEAD]


def _text(raw: bytes) -> str | None:
    if b"\0" in raw[:_HEAD]:
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
