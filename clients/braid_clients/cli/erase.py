"""`braid erase`: words leave the store for good."""

from __future__ import annotations

import click

from braid.node import NEVER_ERASED, read_header
from braid.transcript import Layout, TranscriptReader
from braid_clients import shelf as shelves
from braid_clients.cli.names import NamedCommand
from braid_clients.cli.redact import NOT_ERASED, selecting, selection
from braid_clients.cli.store import opened_shelf, where
from braid_clients.cli.terminal import answer, say
from braid_clients.problem import Problem
from braid_clients.visible import visible
from braid_clients.wording import counted

_MAX_SHOWN = 20


@click.command("erase", cls=NamedCommand)
@click.argument("braid", metavar="ID")
@selecting
@click.option("--reason", help="What the notice says of why; it is never erased by itself.")
@where
def erase(
    braid: str,
    named: tuple[str, ...],
    kinds: tuple[str, ...],
    pattern: str | None,
    reason: str | None,
    db: str | None,
    url: str | None,
    token: str | None,
) -> None:
    """Erase words of a braid from the store, for good.

    ID is whole or its first 12 characters or more: what is erased does not come back. The braid is sealed first; it still verifies, and says which nodes were erased. With the words go
    what they are recognised by and all salts by which a digest could confirm a guess; a signed
    notice, a braid of its own, says what was done. Copies in other braids, exports and
    backups are out of reach.
    """
    chosen = selection(named, kinds, pattern)
    with opened_shelf(db, url, token, writes=True) as shelf:
        whole = shelves.find(shelf, braid, shelves.SURE)
        numbers = []
        pieces = shelf.transcript(whole, Layout.LINES)
        for entry in TranscriptReader(shelves.as_file(pieces)):
            node = entry.node
            header = None if node is None else read_header(node.h)
            if node is None or header is None or not chosen.fits(entry.index, header, node):
                continue
            if header.kind not in NEVER_ERASED:
                numbers.append(entry.index)
            elif str(entry.index) in chosen.found:
                raise Problem(f"--node {entry.index}: {NOT_ERASED}")
        chosen.check_named()
        if not numbers:
            raise Problem("no words that can be erased fit; nothing was changed")
        erased = shelf.erase(whole, tuple(numbers), reason)
    shown = ", ".join(map(str, erased.nodes[:_MAX_SHOWN]))
    more = len(erased.nodes) - _MAX_SHOWN
    line = f"{erased.braid}: {counted(len(erased.nodes), 'node')} erased"
    if erased.nodes:
        line += f": {shown}{f' and {more} more' if more > 0 else ''}"
    answer(visible(line))
    if erased.bsalts:
        answer(f"  {counted(erased.bsalts, 'body salt')} dropped with them")
    if erased.notice is not None:
        answer(visible(f"  notice {erased.notice}"))
    if erased.left_in_journal:
        say("a reader keeps the database's write-ahead log from being emptied: words may still be in it",
            "end what reads the store, then erase the same again")  # fmt: skip
    if erased.left_in_pages:
        say("the store is too large to be written anew while it is served, or the disk is full",
            "deleted words are overwritten; to be sure, stop the server and erase the same again")  # fmt: skip
    say("backups, exports and copies of words in other braids are out of reach of this")
