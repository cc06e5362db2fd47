"""Opening a database: its address, its settings, its migrations, and the lock of the one writer."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from braid.errors import BraidError

# What a database fails with, through SQLAlchemy and by itself.
FAULTS = (sa.exc.SQLAlchemyError, sqlite3.Error)

_BUSY_MS = 5_000
_WAL_BYTES = 64 * 1024 * 1024  # a larger log is cut back to this once it has been copied


class StoreUnavailable(BraidError):
    """The database cannot be opened, read or written."""


class StoreBusy(BraidError):
    """Another process writes to this store; `server` is where it serves, if it said so."""

    def __init__(self, message: str, server: str | None = None) -> None:
        super().__init__(message)
        self.server = server


def sqlite_path(url: sa.URL) -> Path:
    """Give the file of an SQLite address; raises StoreUnavailable for another address."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        raise StoreUnavailable("store: expected an address like sqlite:///PATH/braid.db")
    return Path(url.database)


def parse_url(text: str) -> sa.URL:
    """Read a database address, a bare path being an SQLite file; raises StoreUnavailable."""
    try:
        url = sa.make_url(text) if "://" in text else sa.URL.create("sqlite", database=text)
    except sa.exc.ArgumentError:
        raise StoreUnavailable(
            "store: expected a path or an address like sqlite:///PATH/braid.db"
        ) from None
    sqlite_path(url)
    return url


def create(url: sa.URL) -> bool:
    """Make the file of a store, for its owner only, if it is not there, and tell whether it was made.

    Raises StoreUnavailable.
    """
    path = sqlite_path(url)
    made = not path.exists()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as fault:
        raise StoreUnavailable(f"store: {path}: {fault.strerror}") from fault
    return made


def find(url: sa.URL) -> None:
    """Raise StoreUnavailable unless the file of a store is there."""
    path = sqlite_path(url)
    if path.exists() and not path.is_file():
        raise StoreUnavailable(f"store: {path}: expected a file")
    if not path.is_file():
        raise StoreUnavailable(f"store: no such file: {path}")


BEGIN = "BEGIN IMMEDIATE"
_BY_HAND = "braid_by_hand"


def connect_writer(url: sa.URL) -> sa.Engine:
    """Make the engine of the one writer, without a pool: it keeps its connection."""
    return _engine(
        url,
        BEGIN,  # the driver's own comes late and deferred
        "journal_mode=WAL",
        # FULL: a commit in WAL mode is on the disk, not merely in the kernel, when it returns.
        "synchronous=FULL",
        # A destroyed key, and erased words, must not linger in free pages.
        "secure_delete=ON",
        # Four times the default: pages of an index that are written again and again are copied once.
        "wal_autocheckpoint=4000",
        f"journal_size_limit={_WAL_BYTES}",
        poolclass=sa.NullPool,
    )


def connect_readers(url: sa.URL) -> sa.Engine:
    """Make the engine of the readers, which cannot write."""
    return _engine(url, "BEGIN", "query_only=ON")


def _engine(url: sa.URL, begin: str, *pragmas: str, **options: Any) -> sa.Engine:
    # Values of a statement are words of a conversation, and faults may be logged.
    options |= {"connect_args": {"isolation_level": None}, "hide_parameters": True}
    engine = sa.create_engine(url, **options)

    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in (f"busy_timeout={_BUSY_MS}", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def start(connection: sa.Connection) -> None:
        if _BY_HAND not in connection.get_execution_options():
            connection.exec_driver_sql(begin)

    return engine


def migrate(engine: sa.Engine) -> None:
    """Bring the tables up to date; raises StoreUnavailable."""
    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    except sa.exc.SQLAlchemyError as fault:
        path = engine.url.database
        raise StoreUnavailable(f"store: {path}: cannot be set up: {reason(fault)}") from fault
    except CommandError as fault:
        raise StoreUnavailable("store: was made by a newer version of this program") from fault


def empty_journal(connection: sa.Connection) -> bool:
    """Copy the write-ahead log into the database and cut it to nothing; False if a reader is in it.

    Never waits. Call it outside a transaction.
    """
    busy = True
    with contextlib.suppress(sqlite3.Error):
        cursor: Any = connection.connection.cursor()
        cursor.execute("PRAGMA busy_timeout=0")
        try:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy = bool(cursor.fetchone()[0])
        finally:
            cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
            cursor.close()
    return not busy


def rewrite(connection: sa.Connection, most: int | None) -> bool:
    """Write the whole database anew, without what was ever deleted; False where that was not done.

    That is where it has more than `most` bytes, or the disk no room. Call it outside a transaction.
    """
    with contextlib.suppress(sqlite3.Error):
        cursor: Any = driver(connection).cursor()
        (pages,) = cursor.execute("PRAGMA page_count").fetchone()
        (size,) = cursor.execute("PRAGMA page_size").fetchone()
        if most is None or pages * size <= most:
            cursor.execute("VACUUM")
            return True
    return False


class Place:
    """Where a store was opened: its file may be moved or deleted while SQLite goes on writing."""

    def __init__(self, url: sa.URL) -> None:
        self._path = str(sqlite_path(url))
        self._file = self._found()
        self.check()

    def check(self) -> None:
        """Raise StoreUnavailable unless the same file is still there; takes a microsecond."""
        if self._file is None or self._found() != self._file:
            raise StoreUnavailable(f"store: {self._path} was moved or deleted while in use")

    def _found(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self._path)
        except OSError:
            return None
        return status.st_dev, status.st_ino


def refuse_busy(address: str) -> None:
    """Raise StoreBusy where another process writes to a store; makes nothing that was not there."""
    url = parse_url(address)
    if _lock_of(url).exists():
        WriterLock(url).release()


def _lock_of(url: sa.URL) -> Path:
    path = sqlite_path(url).resolve()  # whatever link it was reached by
    return path.with_name(path.name + ".lock")


class WriterLock:
    """The right to write to a store, held by one process at a time, freed when it dies."""

    def __init__(self, url: sa.URL) -> None:
        path = sqlite_path(url).resolve()
        self._file = _lock_of(url)
        try:
            self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as fault:
            raise StoreUnavailable(f"store: {self._file}: {fault.strerror}") from fault
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            server = os.read(self._descriptor, 256).decode("ascii", "replace") or None
            os.close(self._descriptor)
            where = f" ({server}); use another --db" if server else ""
            message = f"store: {path} is in use by a running server{where}"
            raise StoreBusy(message, server) from fault
        os.ftruncate(self._descriptor, 0)

    def tell(self, server: str) -> None:
        """Leave word of where whoever finds the store busy can ask."""
        os.pwrite(self._descriptor, server.encode("ascii"), 0)

    def release(self) -> None:
        os.close(self._descriptor)


def connect_by_hand(engine: sa.Engine) -> sa.Connection:
    """Connect for transactions that are begun and ended through the driver."""
    return engine.connect().execution_options(**{_BY_HAND: True})


def driver(connection: sa.Connection) -> sqlite3.Connection:
    """Give the driver's own connection: one statement through SQLAlchemy costs as much as many rows."""
    found = connection.connection.driver_connection
    assert isinstance(found, sqlite3.Connection)
    return found


def reason(fault: Exception) -> str:
    """Say what the database said, without the statement and its values."""
    origin = fault if isinstance(fault, sqlite3.Error) else getattr(fault, "orig", None)
    return str(origin) if origin is not None else type(fault).__name__
