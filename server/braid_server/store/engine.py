"""Opening a database: its address, its settings, its migrations, and the lock of the one writer."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from braid.errors import BraidError

_BUSY_MS = 5_000


class StoreUnavailable(BraidError):
    """The database cannot be opened, read or written."""


class StoreBusy(BraidError):
    """Another process writes to this store."""


def sqlite_path(url: sa.URL) -> Path:
    """Give the file of an SQLite address; raises StoreUnavailable for another address."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        raise StoreUnavailable("store: expected an address like sqlite:///PATH/braid.db")
    return Path(url.database)


def parse_url(text: str) -> sa.URL:
    """Read a database address, a bare path being an SQLite file; raises StoreUnavailable."""
    if "://" not in text:
        return sa.URL.create("sqlite", database=text)
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
        raise StoreUnavailable(
            "store: expected a path or an address like sqlite:///PATH/braid.db"
        ) from None
    sqlite_path(url)
    return url


def connect(url: sa.URL, *, create: bool) -> sa.Engine:
    """Make an engine for an SQLite file; with `create`, the file too, for its owner only.

    Raises StoreUnavailable.
    """
    path = sqlite_path(url)
    try:
        if create:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        elif not path.is_file():
            raise StoreUnavailable(f"store: no such file: {path}")
    except OSError as fault:
        raise StoreUnavailable(f"store: {path}: {fault.strerror}") from fault
    engine = sa.create_engine(url, connect_args={"isolation_level": None})

    @sa.event.listens_for(engine, "connect")
    def settings(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        # FULL: a commit in WAL mode is on the disk, not merely in the kernel, when it returns.
        cursor.execute("PRAGMA synchronous=FULL")
        # A destroyed key must not linger in free pages.
        cursor.execute("PRAGMA secure_delete=FAST")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # The driver's own BEGIN comes late and deferred; a writer wants its lock at once.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def migrate(engine: sa.Engine) -> None:
    """Bring the tables up to date; raises StoreUnavailable."""
    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    try:
        with engine.connect().execution_options(writes=True) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    except sa.exc.SQLAlchemyError as fault:
        raise StoreUnavailable(f"store: cannot be set up: {reason(fault)}") from fault


class WriterLock:
    """The right to write to a store, held by one process at a time, freed when it dies."""

    def __init__(self, url: sa.URL) -> None:
        path = sqlite_path(url)
        self._file = path.with_name(path.name + ".lock")
        try:
            self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as fault:
            raise StoreUnavailable(f"store: {self._file}: {fault.strerror}") from fault
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            os.close(self._descriptor)
            raise StoreBusy(f"store: {path} is in use by a running server") from fault

    def release(self) -> None:
        os.close(self._descriptor)


def reason(fault: sa.exc.SQLAlchemyError) -> str:
    """Say what the database said, without the statement and its values."""
    origin = getattr(fault, "orig", None)
    return str(origin) if origin is not None else type(fault).__name__
