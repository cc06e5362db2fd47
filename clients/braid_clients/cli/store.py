"""`braid ls`, `show`, `export`, `seal`: the braids of a store or of a running server."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

import click

from braid import closure
from braid.encoding import encode
from braid.errors import BraidError
from braid.transcript import Layout, StoredNode, TranscriptReader, Unreadable
from braid_clients import paths
from braid_clients import shelf as shelves
from braid_clients.cli.log_lines import log_to_stderr
from braid_clients.cli.names import NamedCommand
from braid_clients.cli.own_file import OUTPUT, OwnFile
from braid_clients.cli.terminal import (
    answer,
    answer_bytes,
    answer_styled,
    input_file,
    say,
    speaks_unicode,
    width,
)
from braid_clients.problem import Problem
from braid_clients.render import Drawing, draw
from braid_clients.shelf import Listed, Shelf, as_file, is_name
from braid_clients.shown import changes_lines, context_lines
from braid_clients.visible import visible
from braid_clients.wording import counted
from braid_server import durable
from braid_verifier.opened import OpenedBraid


class NoStore(Problem):
    """The user has no store yet, and named none."""


_Command = TypeVar("_Command", bound=Callable[..., object])


def where(command: _Command) -> _Command:
    """Add the options that say where the braids are."""
    for option in (
        click.option("--token", envvar="BRAID_API_TOKEN", help="Its token. [BRAID_API_TOKEN]"),
        click.option("--url", envvar="BRAID_URL", help="A running server. [BRAID_URL]"),
        click.option(
            "--db",
            envvar="BRAID_DB",
            cls=OwnFile,
            own=paths.store_file,
            help="A store. [BRAID_DB]",
        ),
    ):
        command = option(command)
    return command


@click.command("ls")
@where
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON: docs/api.md.")
def ls(db: str | None, url: str | None, token: str | None, limit: int, as_json: bool) -> None:
    """List braids, newest first: id, when it began, when it last grew, size, state."""
    with opened_shelf(db, url, token) as shelf:
        found, more = shelves.listed(shelf, limit)
    if as_json:
        braids = [{name: getattr(each, name) for name in Listed.__slots__} for each in found]
        answer(json.dumps({"braids": braids, "more": more}, indent=2))
        return
    for braid in found:
        still = f" ({braid.open_calls} open)" if braid.open_calls else ""
        size = f"{counted(braid.nodes, 'node'):<12} {counted(braid.calls, 'call') + still:<18}"
        answer(visible(f"{braid.id}  {braid.created}  {braid.updated}  {size}  {braid.state}"))
    if not found:
        say("no braid is recorded here yet")
    if more:
        say("there are older ones", f"see more: --limit {limit * 10}")


@click.command("show", cls=NamedCommand)
@click.argument("braid", metavar="ID|FILE")
@click.option("--context", metavar="CALL", help="What the model was shown in this call.")
@click.option(
    "--changes", metavar="CALL", help="What of it is not as before, and what was falsified."
)
@where
def show(
    braid: str,
    context: str | None,
    changes: str | None,
    db: str | None,
    url: str | None,
    token: str | None,
) -> None:
    """Draw a braid as a tree: a line a node, side strands indented.

    ID is whole or a beginning that no other braid shares. FILE is a transcript, - stdin.
    CALL is the number of its node, or what the answer's x-braid-call says.
    """
    if context is not None and changes is not None:
        raise Problem("expected one of --context and --changes, got both")
    call = changes if context is None else context

    def draw_it(file: BinaryIO) -> None:
        if call is not None:
            _draw_call(file, call, changes=changes is not None)
        else:
            _draw(file)

    if braid == "-" or not is_name(braid) or (not db and not url and Path(braid).exists()):
        with input_file(braid) as file:
            try:
                draw_it(file)
            except Unreadable as fault:
                raise Problem(f"{'stdin' if braid == '-' else braid}: {fault}") from fault
        say("shown as it stands, not checked", f"check it: braid verify {braid}")
        return
    try:
        with opened_shelf(db, url, token) as shelf:
            draw_it(as_file(shelf.transcript(shelves.find(shelf, braid), Layout.LINES)))
    except NoStore as fault:
        raise Problem(f"no file {braid}, and {fault}", *fault.hints) from fault


@click.command("export", cls=NamedCommand)
@click.argument("braid", metavar="ID")
@where
@click.option(
    "-o",
    "--output",
    type=OUTPUT,
    default="-",
    metavar="FILE",
    help="Where to; stdout by default.",
)
@click.option(
    "--format",
    "layout",
    type=click.Choice([str(layout) for layout in Layout]),
    help="json, or jsonl: a node a line. By FILE's name, else json.",
)
def export(
    braid: str,
    db: str | None,
    url: str | None,
    token: str | None,
    output: str,
    layout: str | None,
) -> None:
    """Write a braid as one file that anyone can check: a transcript."""
    if layout is None:
        layout = Layout.LINES if output.endswith(".jsonl") else Layout.JSON
    with opened_shelf(db, url, token) as shelf:
        pieces = shelf.transcript(shelves.find(shelf, braid), Layout(layout))
        if output == "-":
            answer_bytes(pieces)
        else:
            write_whole(Path(output), pieces)
            say(f"written: {output}", f"check it: braid verify {output}")


@click.command("seal", cls=NamedCommand)
@click.argument("braid", metavar="ID")
@where
@click.option("--interrupt", is_flag=True, help="Record calls still under way as interrupted.")
def seal(braid: str, db: str | None, url: str | None, token: str | None, interrupt: bool) -> None:
    """Close a braid, so that nothing can be added or cut off unseen.

    ID is whole or its first 12 characters or more: a seal cannot be taken back. Waits a while for
    calls under way, then gives up, or ends their record with --interrupt.
    """
    log_to_stderr(logging.WARNING)
    with opened_shelf(db, url, token, writes=True) as shelf:
        sealed = shelf.seal(shelves.find(shelf, braid, shelves.SURE), interrupt)
    answer(
        visible(
            f"{sealed.braid} sealed, {counted(sealed.nodes, 'node')} with the seal {sealed.seal}"
        )
    )


@contextlib.contextmanager
def opened_shelf(
    db: str | None, url: str | None, token: str | None, *, writes: bool = False
) -> Iterator[Shelf]:
    """Open what the options name; raises Problem with a hint where it is not to be had."""
    context = click.get_current_context()
    chosen = click.core.ParameterSource.COMMANDLINE
    if db and url:
        said = [n for n in ("db", "url") if context.get_parameter_source(n) is chosen]
        if len(said) != 1:
            raise Problem("expected one of --db and --url, got both")
        db, url = (db, None) if said == ["db"] else (None, url)
    if url:
        from braid_clients.remote import Remote

        with Remote(url, token) as remote:
            yield remote
        return
    from braid_clients.local import local_shelf

    if not db and not paths.store_file(os.environ).exists():
        raise NoStore(
            f"there is no store yet at {paths.store_file(os.environ)}",
            "make one: braid serve; or say where else to look: --db or --url",
        )
    with local_shelf(db, writes) as local:
        yield local


def _draw(file: BinaryIO) -> None:
    reader = TranscriptReader(file)
    cut: list[BraidError] = []
    strange = [0]

    def nodes() -> Iterator[StoredNode]:
        try:
            for entry in reader:
                if entry.node is None:
                    strange[0] += 1
                yield entry.node or StoredNode("", encode(entry.signature), None)
        except Unreadable as fault:
            cut.append(fault)

    def is_closed() -> bool:
        kinds = [proof.get("type") for proof in reader.proofs if isinstance(proof, dict)]
        return closure.PROOF_TYPE in kinds

    drawing = Drawing(width(), not speaks_unicode())
    answer_styled(draw(reader.braid or "?", nodes(), drawing, is_closed))
    if strange[0]:
        say(f"{strange[0]} entries do not have the shape of a node")
    if cut:
        raise Problem(f"the rest cannot be read: {cut[0]}")


def _draw_call(file: BinaryIO, name: str, *, changes: bool) -> None:
    braid = OpenedBraid(file)
    call = braid.named(name)
    if call is None:
        calls = ", ".join(str(place) for place in list(braid.calls)[:20])
        raise Problem(f"{name[:60]}: no such call in this braid", f"its calls: {calls}")
    lines = changes_lines if changes else context_lines
    answer_styled(lines(braid, call, Drawing(width(), not speaks_unicode())))


def write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file that is there whole or not at all; raises OSError."""
    if path.exists() and not path.is_file():
        with path.open("wb") as device:
            device.writelines(pieces)
        return
    try:
        durable.replace(path.resolve(), pieces, mode=0o666)
    except OSError as fault:
        raise OSError(fault.errno, fault.strerror, str(path)) from fault
