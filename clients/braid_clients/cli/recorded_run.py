"""What a recorded run leaves behind: each of its braids sealed, written as a transcript, verified."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path

from braid.errors import BraidError
from braid_clients.cli.terminal import say
from braid_clients.shelf import SURE
from braid_clients.upstreams import HOMES
from braid_clients.wording import size
from braid_server.library import Library
from braid_server.service import Settings, library
from braid_verifier import Policy, Result, parse_root, verify


class Outcome(IntEnum):
    """What to make of a run's record; the value is the exit code."""

    COMPLETE = 0
    NOT_VERIFIED = 1
    INCOMPLETE = 2


def write_transcripts(settings: Settings, root: str, log: str, out: Path) -> Outcome:
    """Seal, write and verify every braid of a store, oldest first, and say each one's verdict."""
    outcome = Outcome.COMPLETE
    with library(settings) as opened:
        braids = list(_oldest_first(opened))
        for braid in braids:
            try:
                asyncio.run(opened.seal(braid, interrupt=True))
                file = _write(opened, braid, out)
            except (BraidError, OSError) as fault:
                say(f"{braid}: not written: {fault}")
                outcome = Outcome.INCOMPLETE
                continue
            with file.open("rb") as source:
                report = verify(source, Policy(), roots=[parse_root(root)], logs=[log])
            say(f"{file}: {report.summary()}, {size(report.counts)}")
            if not report.counts.outcomes.get("complete"):
                say(
                    "none of its calls brought a whole answer: it proves what was asked, no more",
                    f"see what came back: braid show {file}",
                )
            if report.result is not Result.VERIFIED:
                outcome = max(outcome, Outcome.NOT_VERIFIED)
    if not braids:
        *others, last = (home.variable for home in HOMES)
        say(
            "no call was recorded, so there is no transcript",
            f"does the program read {', '.join(others)} or {last}, or set a base URL of its own?",
            "it may also have made only calls of a kind that is not recorded: docs/wire.md",
        )
    return outcome


def _oldest_first(library: Library) -> Iterator[str]:
    found: list[str] = []
    after: str | None = None
    while True:
        page = library.braids(after=after)
        found += [braid.id for braid in page.braids]
        after = page.next
        if after is None:
            return reversed(found)


def _write(library: Library, braid: str, out: Path) -> Path:
    """Write a transcript under a name that no file has yet, whole or not at all."""
    # A name that begins with "-" would be an option to every command it is given to.
    stem = braid[:SURE] if not braid.startswith("-") else "_" + braid[1:SURE]
    number = 1
    while True:
        path = out / (f"{stem}.braid.json" if number == 1 else f"{stem}-{number}.braid.json")
        try:
            with path.open("xb") as file:
                try:
                    file.writelines(library.transcript(braid))
                except BaseException:
                    path.unlink()
                    raise
            return path
        except FileExistsError:
            number += 1
