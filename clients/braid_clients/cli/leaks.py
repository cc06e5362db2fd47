"""`braid leaks`: look for leaked reasoning in files, folders and braids, and say where it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from braid.errors import BraidError
from braid.transcript import Layout
from braid_clients import shelf as shelves
from braid_clients.cli.names import NamedCommand
from braid_clients.cli.store import opened_shelf, where
from braid_clients.cli.terminal import answer, answer_styled, input_file, say, width
from braid_clients.leak_search import Leak, Step, Unread, search, search_bytes, search_transcript
from braid_clients.leak_views import as_json, as_sarif, summary, text_lines
from braid_clients.shelf import as_file, is_name
from braid_verifier.leaks import Tier

FOUND, UNCHECKED = 1, 2
_RANKS = {Tier.POSSIBLE: 0, Tier.STRONG: 1}


@click.command("leaks", cls=NamedCommand)
@click.argument("places", nargs=-1, required=True, metavar="FILE|ID|DIR…")
@click.option("--json", "to_json", is_flag=True, help="Print the findings as JSON, without words.")
@click.option("--sarif", "to_sarif", is_flag=True, help="Print them as SARIF 2.1.0, without words.")
@click.option(
    "--fail-on",
    type=click.Choice([*map(str, Tier), "never"]),
    default=str(Tier.STRONG),
    show_default=True,
    help="Exit with 1 when something of this tier, or a surer one, is found.",
)
@where
def leaks(
    places: tuple[str, ...],
    to_json: bool,
    to_sarif: bool,
    fail_on: str,
    db: str | None,
    url: str | None,
    token: str | None,
) -> int:
    """Find reasoning that leaked into text and into comments of code.

    FILE is a transcript, a chat log (Claude Code, ChatGPT, messages of an API), a source file or a
    document; - is stdin. DIR is looked through, without what is hidden, fetched or built. ID is
    a braid of your store.

    Exit code 0: nothing at or above --fail-on. 1: something. 2: something could not be read.
    Of text that is not English, no finding means nothing: other languages are looked at and not covered.
    A finding is no proof of anything, and its absence none either: docs/leaks.md.
    """
    if to_json and to_sarif:
        raise click.UsageError("expected one of --json and --sarif, got both")
    found: list[Leak] = []
    unread: list[Unread] = []
    looked = 0
    for place in places:
        for step in _steps(place, db, url, token):
            if isinstance(step, Leak):
                found.append(step)
                if not to_json and not to_sarif:
                    answer_styled(text_lines(step, width()))
            elif isinstance(step, Unread):
                unread.append(step)
                say(f"{step.file}: cannot be read: {step.why}")
            else:
                looked += 1
    if to_json:
        answer(json.dumps(as_json(found, unread, looked), indent=2))
    elif to_sarif:
        answer(json.dumps(as_sarif(found, unread), indent=2))
    else:
        answer(summary(found, looked, len(unread)))
    least = _RANKS.get(Tier(fail_on)) if fail_on != "never" else None
    if least is not None and any(_RANKS[leak.finding.tier] >= least for leak in found):
        return FOUND
    return UNCHECKED if unread else 0


def _steps(place: str, db: str | None, url: str | None, token: str | None) -> Iterator[Step]:
    if place in ("-", ""):  # of which the latter is told to be none
        with input_file(place) as file:
            yield from search_bytes(file.read(), "stdin")
    elif not is_name(place) or (not db and not url and Path(place).exists()):
        yield from search(Path(place), place)
    else:
        try:
            with opened_shelf(db, url, token) as shelf:
                braid = shelves.find(shelf, place)
                yield from search_transcript(as_file(shelf.transcript(braid, Layout.LINES)), braid)
        except BraidError as fault:
            yield Unread(place, f"no such file, and no braid: {fault}")
