"""The key of a store's transparency log: it begins with the log, and signs no other (SPEC §13.2).

A key that signs two logs has forked by itself, whatever anyone meant. So each store has a key of
its own, made as its log begins; a file that is there before is another log's.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from braid.checkpoint import Checkpoint, sign_checkpoint
from braid.encoding import write_time
from braid.errors import BraidError, KeyUnusable
from braid.note import NoteSigner, SignatureType
from braid.tree import EMPTY_HEAD
from braid_server import keyfiles
from braid_server.store import LogRow, LogWriter, Store, Transaction

_log = logging.getLogger("braid.service")


class LogUnusable(BraidError):
    """A log that cannot be gone on with, or begun; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class LogSettings:
    """Where a log's key is, and what a log that begins is called.

    key     its file; None for the one beside the store.
    origin  None for a name made of the key; a log that is there keeps its own.
    anew    the store comes from a copy, or the key is lost: what is there is frozen, another begins.
    """

    key: Path | None = None
    origin: str | None = None
    issuer: str = ""
    anew: bool = False


def key_beside(store: Path) -> Path:
    """Name the key file of a store's log where no other is named."""
    path = store.resolve()  # whatever link it was reached by
    return path.with_name(path.name + ".log.key")


def keep_log(store: Store, settings: LogSettings, now: datetime) -> LogRow:
    """Have a store log what is to be logged, beginning a log where it has none that goes on.

    Raises LogUnusable, KeyFileUnusable, StoreUnavailable.
    """
    file = settings.key or key_beside(store.path)
    with store.read() as reading:
        logs = reading.log.logs()
    active = next((row for row in logs if not row.frozen), None)
    never_used = active is not None and active.size == 0 and not file.exists()
    if active is not None and (settings.anew or never_used):
        _freeze(store, active)
        active = None
    if active is None:
        active, signer = _begin(store, file, settings, {row.key for row in logs}, now)
    else:
        signer = _go_on(file, settings, active)
    store.keep_log(LogWriter(active.number, signer))
    return active


def _freeze(store: Store, row: LogRow) -> None:
    store.submit(lambda transaction: transaction.freeze_log(row.number)).result()
    _log.info("event=log_frozen origin=%s size=%d", row.verifier.name, row.size)


def _go_on(file: Path, settings: LogSettings, row: LogRow) -> NoteSigner:
    origin = row.verifier.name
    if not file.exists():
        raise LogUnusable(
            f"log key {file} is not there, and the log of this store is signed by {row.key}; "
            "name its file with --log-key, or begin another log with --new-log"
        )
    if settings.origin not in (None, origin):
        raise LogUnusable(
            f"log origin: this store's log is {origin}, got {settings.origin}; "
            "another name is another log: --new-log"
        )
    signer = NoteSigner(origin, keyfiles.load(file, keyfiles.LOG_LABEL), SignatureType.NOTE)
    if signer.public.text != row.key:
        raise LogUnusable(
            f"log key {file} is {signer.public.text}, and the log of this store is signed by "
            f"{row.key}; name its file with --log-key, or begin another log with --new-log"
        )
    return signer


def _begin(
    store: Store, file: Path, settings: LogSettings, before: set[str], now: datetime
) -> tuple[LogRow, NoteSigner]:
    if file.exists():
        _make_room(file, settings, before)
    seed = secrets.token_bytes(keyfiles.SEED_BYTES)
    try:
        name = settings.origin or _name_of(seed, settings.issuer)
        signer = NoteSigner(name, seed, SignatureType.NOTE)
    except KeyUnusable as fault:
        raise LogUnusable(f"log origin: {fault}") from fault
    key, begun = signer.public.text, write_time(now)
    note = sign_checkpoint(signer, Checkpoint(name, 0, EMPTY_HEAD)).raw.decode()
    # The row first: killed before there is a key, nothing was signed, and another log begins.
    begin = functools.partial(Transaction.begin_log, key=key, begun=begun, checkpoint=note)
    number = store.submit(begin).result()
    keyfiles.create(file, keyfiles.LOG_LABEL, seed)
    _log.info("event=log_begun origin=%s key_file=%s", name, file)
    return LogRow(number, key, begun, False, 0, note), signer


def _make_room(file: Path, settings: LogSettings, before: set[str]) -> None:
    """Set a key aside that must sign no log which begins: whatever it signed is another."""
    seed = keyfiles.load(file, keyfiles.LOG_LABEL)
    of_this_store = any(
        NoteSigner(key.partition("+")[0], seed, SignatureType.NOTE).public.text == key
        for key in before
    )
    if settings.key is not None and not of_this_store:
        raise LogUnusable(
            f"log key {file} is there, and this store has no log that it signed: it is another "
            "store's, and one that signs two logs has forked; name a file that is not there yet"
        )
    _log.warning("event=log_key_set_aside file=%s", keyfiles.set_aside(file))


def _name_of(seed: bytes, issuer: str) -> str:
    key = NoteSigner("x", seed, SignatureType.NOTE).public.key
    told_apart = hashlib.sha256(key).hexdigest()[:8]
    return f"{issuer.replace('+', '-') or 'braid'}/log-{told_apart}"
