"""`braid redact`: a copy of a transcript without some of its words."""

from __future__ import annotations

import io
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, TypeVar

import click

from braid import strict_json
from braid.encoding import encode, write_time
from braid.node import NEVER_ERASED, Header, Kind, read_header
from braid.signing import SecretKey
from braid.strict_json import Json
from braid.transcript import (
    MAX_TRANSCRIPT,
    Layout,
    Opened,
    StoredNode,
    TranscriptReader,
    write_transcript,
)
from braid.weave import Weaver
from braid_clients.cli.keys import own_root_key, root_key_option
from braid_clients.cli.own_file import OUTPUT, copy_option
from braid_clients.cli.store import write_whole
from braid_clients.cli.terminal import answer, answer_bytes, input_file, say
from braid_clients.problem import Problem
from braid_clients.visible import visible
from braid_clients.wording import counted
from braid_server import keyfiles
from braid_server.keyring import certified_key
from braid_server.notices import weave_notice
from braid_server.rotating import load_rotations
from braid_verifier import Policy, Report, Result, Severity, verify
from braid_verifier.erasure import Erasure, plan, texts

_Command = TypeVar("_Command", bound=Callable[..., object])
_ERASABLE = [str(kind) for kind in Kind if kind not in NEVER_ERASED]
_MAX_SHOWN = 20
NOT_ERASED = "calls, ends, checkpoints and seals are not erased"


def selecting(command: _Command) -> _Command:
    """Add the options that say which nodes."""
    for option in (
        click.option("--match", "pattern", metavar="REGEX", help="Nodes whose words match it."),
        click.option(
            "--kind", "kinds", multiple=True, type=click.Choice(_ERASABLE), help="Nodes of a kind."
        ),
        click.option(
            "--node",
            "named",
            multiple=True,
            metavar="N|SIGNATURE",
            help="A node, by its number or the beginning of its signature.",
        ),
    ):
        command = option(command)
    return command


@dataclass(slots=True)
class Selection:
    """Which nodes a user chose; a node that any of these fits is chosen.

    `fits` is asked of all nodes of a braid in their order: words may go on from part to part.
    """

    numbers: frozenset[int]
    beginnings: tuple[str, ...]
    kinds: frozenset[str]
    pattern: re.Pattern[str] | None
    found: set[str]  # of numbers and beginnings, as given
    _parts: list[bytes] = field(default_factory=list)  # of a block that is being read

    def fits(self, index: int, header: Header, node: StoredNode) -> bool:
        named = {each for each in self.beginnings if node.s.startswith(each)}
        if index in self.numbers:
            named.add(str(index))
        self.found |= named
        if named or header.kind in self.kinds:
            return True
        if self.pattern is None or node.opened is None:
            return False
        if any(map(self.pattern.search, texts(node.opened))):
            return True
        return self._fits_across(self.pattern, node.opened)

    def _fits_across(self, pattern: re.Pattern[str], opened: Opened) -> bool:
        """Tell of the last part of a block whether its words fit where parts meet (SPEC §5.6)."""
        attrs = strict_json.read_object(opened.attrs, "attrs")
        part, parts = attrs.get("part"), attrs.get("parts")
        if not (isinstance(part, int) and isinstance(parts, int)):
            return False
        if part == 1:
            self._parts.clear()
        self._parts.append(opened.content)
        if part < parts:
            return False
        whole = Opened(opened.salt, b"".join(self._parts), opened.attrs)
        return any(map(pattern.search, texts(whole)))

    def check_named(self) -> None:
        """Raise Problem where a node that was named is not there."""
        missing = {*map(str, self.numbers), *self.beginnings} - self.found
        if missing:
            raise Problem(f"--node {min(missing)}: no such node")

    def check(self, erasure: Erasure) -> None:
        """Raise Problem where something that was named is not there, or nothing fits."""
        self.check_named()
        for index in erasure.kept:
            if str(index) in self.found:
                raise Problem(f"--node {index}: {NOT_ERASED}")
        if not erasure.nodes:
            raise Problem("no words that can be erased fit; nothing was changed")


def selection(named: tuple[str, ...], kinds: tuple[str, ...], pattern: str | None) -> Selection:
    """Read the options of `selecting`; raises Problem."""
    if not (named or kinds or pattern):
        raise Problem("say which words: --node, --kind or --match")
    try:
        compiled = None if pattern is None else re.compile(pattern, re.DOTALL)
    except re.error as fault:
        raise Problem(f"--match: not a regular expression: {fault}") from fault
    # A signature may begin with digits too, but no one names it by so few.
    numbers = frozenset(int(each) for each in named if each.isdecimal() and len(each) <= 7)
    beginnings = tuple(each for each in named if not (each.isdecimal() and len(each) <= 7))
    for each in beginnings:
        if len(each) < 8:
            raise Problem(f"--node {each}: expected a number, or 8 or more characters")
    return Selection(numbers, beginnings, frozenset(kinds), compiled, set())


@click.command("redact")
@click.argument("file", metavar="FILE|-")
@selecting
@copy_option
@click.option(
    "--notice",
    type=OUTPUT,
    metavar="FILE",
    help="Also write a notice, signed under your root key.",
)
@click.option("--reason", help="What the notice says of why.")
@root_key_option
def redact(
    file: str,
    named: tuple[str, ...],
    kinds: tuple[str, ...],
    pattern: str | None,
    output: str,
    notice: str | None,
    reason: str | None,
    root_key: Path | None,
) -> None:
    """Write a copy of a transcript without some of its words.

    The copy still verifies and says which nodes were erased. With a block go its other parts and
    spellings, flags and annotations about it, and the salts by which a digest could confirm a
    guess. The original file stays as it is.
    """
    chosen = selection(named, kinds, pattern)
    if output != "-" and file != "-" and Path(output).exists() and Path(output).samefile(file):
        raise Problem(
            f"-o {output}: is the original itself; its words would be gone",
            "name another file; whoever wants no original deletes it",
        )
    with input_file(file) as opened:
        source = io.BytesIO(opened.read(MAX_TRANSCRIPT + 1))
    report = _checked(file, source)
    secret = None if notice is None else _signer(report, root_key)
    source.seek(0)
    erasure = plan(_nodes(TranscriptReader(source)), chosen.fits)
    chosen.check(erasure)
    source.seek(0)
    reader = TranscriptReader(source)
    nodes = _nodes(reader)
    kept = [erasure.apply(index, node) for index, node in enumerate(nodes)]
    layout = Layout.LINES if output.endswith(".jsonl") else reader.layout
    assert reader.braid is not None
    pieces = write_transcript(reader.braid, reader.certificate, kept, reader.proofs, layout)
    if output == "-":
        answer_bytes(pieces)
    else:
        write_whole(Path(output), pieces)
    show = say if output == "-" else answer
    for line in summary(erasure, kept):
        show(visible(line))
    if notice is not None and secret is not None:
        rotations = load_rotations(own_root_key(root_key), secret.text)
        _write_notice(notice, secret, rotations, reader.braid, erasure, reason)
    if output != "-":
        say(f"written: {output}", f"check it: braid verify {output}")
    if file != "-":
        say(f"{file} itself still has all its words")


def summary(erasure: Erasure, nodes: Iterable[StoredNode]) -> list[str]:
    """Say what was erased, a line each for kinds, salts, and what could not be."""
    kinds = Counter(
        str(read_header(node.h).kind) for i, node in enumerate(nodes) if i in erasure.nodes
    )
    listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    lines = [f"{counted(len(erasure.nodes), 'node')} erased: {listed}"]
    numbers = [str(index) for index in erasure.nodes]
    more = f" and {len(numbers) - _MAX_SHOWN} more" if len(numbers) > _MAX_SHOWN else ""
    lines.append(f"  nodes {', '.join(numbers[:_MAX_SHOWN])}{more}")
    if erasure.bsalts:
        lines.append(f"  {counted(len(erasure.bsalts), 'body salt')} dropped with them")
    if erasure.kept:
        lines.append(
            f"  {counted(len(erasure.kept), 'node')} fit and stay: calls, ends and seals are "
            "never erased"
        )
    lines.append("  lengths of bodies and counts of tokens stay, in calls and ends")
    return lines


def _checked(file: str, source: BinaryIO) -> Report:
    report = verify(source, Policy(allow_unknown_signer=True))
    failures = {found.code for found in report.findings if found.severity is Severity.FAILURE}
    if failures == {"E_REVOKED"}:
        # Intact, as far as nodes go: only whose word they are is in doubt, and that stays in the copy.
        say(f"{file}: its key was revoked, which the copy says too")
    elif report.result is not Result.VERIFIED:
        raise Problem(
            f"{file}: {report.summary()}",
            "what does not verify is not redacted: the copy could not be told from a forgery",
        )
    return report


def _nodes(reader: TranscriptReader) -> Iterable[StoredNode]:
    for entry in reader:
        assert entry.node is not None  # it verified
        yield entry.node


def _signer(report: Report, root_key: Path | None) -> SecretKey:
    """Give the root key, which must be the one the transcript is signed under."""
    secret = SecretKey(keyfiles.load(own_root_key(root_key), keyfiles.ROOT_LABEL))
    if encode(secret.key) != report.root:
        raise Problem(
            f"--notice: the transcript was signed under another root than yours: {report.root}",
            "was it yours, name its key file: --root-key FILE; after braid keys rotate the old ones "
            "are beside the new one, root.key.1 the first",
        )
    return secret


def _write_notice(
    target: str,
    secret: SecretKey,
    rotations: tuple[dict[str, Json], ...],
    braid: str,
    erasure: Erasure,
    reason: str | None,
) -> None:
    now = datetime.now(UTC)
    key, certificate, _ = certified_key(secret, now)
    weaver = Weaver(key, write_time(now), lambda: secrets.token_bytes(32))
    weave_notice(weaver, braid, erasure.nodes.values(), reason)
    layout = Layout.LINES if target.endswith(".jsonl") else Layout.JSON
    pieces = write_transcript(encode(key.key), certificate, weaver.nodes, rotations, layout)
    write_whole(Path(target), pieces)
    say(f"notice written: {target}")
