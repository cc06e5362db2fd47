"""`braid log`: the transparency log of a store, shown and written as files."""

from __future__ import annotations

import os
from pathlib import Path

import click

from braid.encoding import encode_standard
from braid_clients import paths
from braid_clients.cli.own_file import OwnFile
from braid_clients.cli.store import write_whole
from braid_clients.cli.terminal import answer, say
from braid_clients.problem import Problem
from braid_clients.visible import visible
from braid_clients.wording import counted

_db = click.option(
    "--db", envvar="BRAID_DB", cls=OwnFile, own=paths.store_file, help="A store. [BRAID_DB]"
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def log() -> None:
    """Show the transparency log of a store, or write it as files."""


@log.command("show")
@_db
def show(db: str | None) -> None:
    """Say what a store has logged: each log's verifier key, size, newest checkpoint, witnesses.

    The verifier key is what others pin: `braid verify --log VKEY`, `braid witness --log VKEY URL`.
    """
    from braid_server.logbook import covering
    from braid_server.store import Store

    store = Store(_address(db), writable=False)
    try:
        with store.read() as reading:
            logs = reading.log.logs()
            for row in logs:
                counts = reading.log.counts(row.number)
                head = row.signed.checkpoint
                kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
                state = "frozen" if row.frozen else "goes on"
                answer(visible(row.key))
                answer(f"  begun {row.begun}, {state}")
                answer(f"  {_entries(row.size)}{': ' if kinds else ''}{kinds}")
                answer(f"  root hash {encode_standard(head.root)}")
                best = covering(reading.log, row, 0)
                names = [s.name for s in best.signatures[1:]]
                if names:
                    size = best.checkpoint.size
                    answer(visible(f"  cosigned at {size} by {', '.join(names)}"))
    finally:
        store.close()
    if not logs:
        say("this store keeps no log yet", "braid serve begins one")


@log.command("export")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@_db
def export(folder: Path, db: str | None) -> None:
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
            active = reading.log.active()
        if active is None:
            raise Problem("this store keeps no log yet", "braid serve begins one")
        _refuse_another(folder / KEY, active.key)
        for path, raw in files(store, active, lambda path: (folder / path).is_file()):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(target, [raw])
            written += 1
    finally:
        store.close()
    say(f"{counted(written, 'file')} written into {folder}, {_entries(active.size)}")


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
