"""`braid log`: the transparency log of a store, shown and written as files."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from braid.encoding import encode_standard
from braid_clients import paths
from braid_clients.cli.own_file import FileName, OwnFile
from braid_clients.cli.store import write_whole
from braid_clients.cli.terminal import answer, say
from braid_clients.problem import Problem
from braid_clients.visible import visible
from braid_clients.wording import counted

if TYPE_CHECKING:
    from braid_server.store import LogReading, LogRow

_db = click.option(
    "--db", envvar="BRAID_DB", cls=OwnFile, own=paths.store_file, help="A store. [BRAID_DB]"
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def log() -> None:
    """Show the transparency log of a store, or write it as files."""


@log.command("show")
@_db
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON: docs/log.md.")
def show(db: str | None, as_json: bool) -> None:
    """Say what a store has logged: each log's verifier key, size, newest checkpoint, witnesses.

    The verifier key is what others pin: `braid verify --log VKEY`, `braid witness --log VKEY URL`.
    """
    from braid_server.store import Store

    store = Store(_address(db), writable=False)
    try:
        with store.read() as reading:
            logs = [_shown(reading.log, row) for row in reading.log.logs()]
    finally:
        store.close()
    if as_json:
        answer(json.dumps({"logs": [asdict(each) for each in logs]}, indent=2))
        return
    for each in logs:
        kinds = ", ".join(f"{count} {kind}" for kind, count in each.kinds.items())
        answer(visible(each.log))
        answer(f"  begun {each.begun}, {'frozen' if each.frozen else 'goes on'}")
        answer(f"  {_entries(each.size)}{': ' if kinds else ''}{kinds}")
        answer(f"  root hash {each.root}")
        if each.witnesses:
            by = ", ".join(each.witnesses)
            answer(visible(f"  cosigned at {each.cosigned_size} by {by}"))
    if not logs:
        say("this store keeps no log yet", "braid serve begins one")


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is said of a log; the fields are those of its JSON (docs/log.md)."""

    log: str
    begun: str
    frozen: bool
    size: int
    kinds: dict[str, int]
    root: str
    cosigned_size: int | None
    witnesses: list[str]


def _shown(reading: LogReading, row: LogRow) -> _Shown:
    from braid_server.logbook import covering

    best = covering(reading, row, 0)
    witnesses = [signature.name for signature in best.signatures[1:]]
    return _Shown(
        row.key,
        row.begun,
        row.frozen,
        row.size,
        {str(kind): count for kind, count in sorted(reading.counts(row.number).items())},
        encode_standard(row.signed.checkpoint.root),
        best.checkpoint.size if witnesses else None,
        witnesses,
    )


@log.command("export")
@click.argument("folder", metavar="DIR", type=FileName(path_type=Path, file_okay=False))
@_db
@click.option(
    "--log",
    "named",
    metavar="VKEY",
    help="A log that goes on no more, by its verifier key (`braid log show`), instead of the newest.",
)
def export(folder: Path, db: str | None, named: str | None) -> None:
    """Write the log as files that any web server can serve: what /braid/log/ has, byte for byte.

    Into the same folder again it adds what is new, the checkpoint last.
    """
    from braid_server.log_paths import KEY
    from braid_server.logbook import files
    from braid_server.store import Store

    store = Store(_address(db), writable=False)
    written = 0
    try:
        with store.read() as reading:
            chosen = reading.log.active()
            if named is not None:
                logs = reading.log.logs()
                chosen = next((row for row in logs if row.key == named), None)
        if chosen is None and named is not None:
            raise Problem(f"{named}: no log of this store", "see what it has: braid log show")
        if chosen is None:
            raise Problem("this store keeps no log yet", "braid serve begins one")
        _refuse_another(folder / KEY, chosen.key)
        for path, raw in files(store, chosen, lambda path: (folder / path).is_file()):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(target, [raw])
            written += 1
    finally:
        store.close()
    say(f"{counted(written, 'file')} written into {folder}, {_entries(chosen.size)}")


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"


def _refuse_another(key_file: Path, key: str) -> None:
    if key_file.exists() and key_file.read_bytes() != key.encode() + b"\n":
        raise Problem(
            f"{key_file}: this folder holds another log", "each log has a folder of its own"
        )


def _address(db: str | None) -> str:
    address = db or str(paths.store_file(os.environ))
    if db is None and not paths.store_file(os.environ).exists():
        raise Problem(f"there is no store yet at {address}", "make one: braid serve; or --db")
    return address
