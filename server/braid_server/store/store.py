"""One writer with group commit, and readers beside it (SPEC §8.1–8.2)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa

from braid_server.store import engine as database
from braid_server.store.engine import StoreUnavailable, WriterLock
from braid_server.store.log_writer import LogWriter
from braid_server.store.rows import Reading
from braid_server.store.transaction import Transaction

_log = logging.getLogger(__name__)

T = TypeVar("T")
GROUP = 64  # jobs that share one commit; beyond that a commit no longer costs much a job
# Bytes of a store that is written anew while others wait: a second or two.
REWRITES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Left:
    """Where destroyed keys and erased words may be: the write-ahead log, pages not written anew."""

    journal: bool
    pages: bool


# Work for the writer, and what whoever waits for it looks at: a thread, or a coroutine.
_Waiting: TypeAlias = "Future[Any] | asyncio.Future[Any]"
_Job = tuple[Callable[[Transaction], Any], _Waiting]


class Store:
    """A store opened for writing, or for reading alone.

    Jobs handed to `submit` run one after the other in a thread of their own, each inside
    the transaction that commits what it wrote. A job that raises leaves nothing behind in the
    database, and undoes by `Transaction.on_failure` what it did elsewhere. A job may run
    twice, when the commit it shared failed for another's sake.
    """

    def __init__(self, url: str, *, writable: bool, rewrites: int | None = REWRITES) -> None:
        """Open a store, making or migrating it when `writable`.

        After words were erased it is written anew if it has at most `rewrites` bytes, None being
        any number; writes wait meanwhile. Raises StoreUnavailable, and StoreBusy where another process writes to it.
        """
        address = database.parse_url(url)
        self.path = database.sqlite_path(address)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._door = threading.Lock()  # held to queue a job, and to say that none may follow
        self._writer: _Writer | None = None
        self._readers = database.connect_readers(address)
        self._made = writable and database.create(address)
        if writable:
            self._writer = _Writer(address, self._jobs, rewrites)
        else:
            database.find(address)
            try:
                with self.read() as reading:
                    reading.check()
            except StoreUnavailable as fault:
                self._readers.dispose()
                why = str(fault).removeprefix("store: ")
                raise StoreUnavailable(f"store: {self.path}: {why}") from fault

    def submit(self, job: Callable[[Transaction], T]) -> Future[T]:
        """Queue a job; its future resolves once the job is durable.

        The future raises StoreUnavailable where the database failed, and whatever the job raised.
        """
        future: Future[T] = Future()
        self._queue(job, future)
        return future

    async def write(self, job: Callable[[Transaction], T]) -> T:
        """Run a job and wait until it is durable; as `submit`."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue(job, future)
        return await future

    def _queue(self, job: Callable[[Transaction], Any], future: _Waiting) -> None:
        with self._door:
            if self._writer is not None:
                self._jobs.put((job, future))
                return
        future.set_exception(StoreUnavailable("store: closed, or opened for reading only"))

    @contextlib.contextmanager
    def read(self) -> Iterator[Reading]:
        """Read a consistent snapshot; raises StoreUnavailable.

        Be short: the write-ahead log cannot be cut back while someone reads.
        """
        try:
            with self._readers.connect() as connection, connection.begin():
                yield Reading(connection)
        except database.FAULTS as fault:
            if self._writer is not None:
                _log.error("event=store_failed reason=%s", database.reason(fault))
            raise StoreUnavailable(f"store: {database.reason(fault)}") from fault

    def left(self) -> Left:
        """Say where what was destroyed or erased last may still be found."""
        return Left(False, False) if self._writer is None else self._writer.left

    def keep_log(self, log: LogWriter) -> None:
        """Log from now on what is to be logged: say so before there are jobs that write any."""
        if self._writer is not None:
            self._writer.log = log

    def tell(self, server: str) -> None:
        """Leave word of where this store is served, for whoever finds it busy."""
        if self._writer is not None:
            self._writer.lock.tell(server)

    def close(self, *, undo: bool = False) -> None:
        """Finish the queued jobs and let go of the store; with `undo`, remove it if it was made here."""
        with self._door:
            writer, self._writer = self._writer, None
        if writer is not None:
            self._jobs.put(None)
            writer.finish()
        self._readers.dispose()
        if writer is not None:
            if undo and self._made:
                # Not its lock: two that hold locks of one name would both write.
                self.path.resolve().unlink(missing_ok=True)
            writer.lock.release()


class _Writer:
    """The thread that alone writes, with the lock that says so and a connection it keeps."""

    def __init__(
        self, address: sa.URL, jobs: queue.SimpleQueue[_Job | None], rewrites: int | None
    ) -> None:
        self._jobs = jobs
        self.log: LogWriter | None = None
        self.lock = WriterLock(address)
        self._connection: sa.Connection | None = None
        self._rewrites = rewrites
        self._journal_holds = False  # a destroyed key or erased words
        self._unwritten = False  # free pages were left to secure_delete alone
        try:
            self._engine = database.connect_writer(address)
            database.migrate(self._engine)
            self._place = database.Place(address)
        except BaseException:
            self.lock.release()
            raise
        # A process that ends in any other way than by `finish` does not wait for it: what was
        # not committed then is as after a kill.
        self._thread = threading.Thread(target=self._run, name="braid-store-writer", daemon=True)
        self._thread.start()

    @property
    def left(self) -> Left:
        return Left(self._journal_holds, self._unwritten)

    def finish(self) -> None:
        """Wait for the end of the queue; the lock is still held then."""
        self._thread.join()

    def _run(self) -> None:
        more = True
        while more:
            job = self._jobs.get()
            group: list[_Job] = []
            while job is not None:
                if _is_wanted(job[1]):
                    group.append(job)
                if len(group) == GROUP or self._jobs.empty():
                    break
                job = self._jobs.get()
            more = job is not None
            if group:
                self._commit(group)
        self._disconnect()

    def _commit(self, group: list[_Job]) -> None:
        transaction: Transaction | None = None
        try:
            if self._connection is None:
                self._place.check()  # SQLite would make a file that is not there
                self._connection = database.connect_by_hand(self._engine)
            driver = database.driver(self._connection)
            driver.execute(database.BEGIN)
            transaction = Transaction(self._connection, self.log)
            results = [job(transaction) for job, _ in group]
            transaction.finish()
            self._place.check()
            driver.execute("COMMIT")
        except Exception as fault:  # noqa: BLE001 whatever it is, whoever waits for the job gets it
            if transaction is not None:
                transaction.fail()
            if self.log is not None:
                self.log.forget()
            self._roll_back()
            if len(group) > 1:
                # One job's fault must not take down its neighbours: each runs again alone.
                for one in group:
                    self._commit([one])
            else:
                _answer(group, [None], _as_failure(fault))
            return
        if transaction.erases:
            self._unwritten = not database.rewrite(self._connection, self._rewrites)
        self._journal_holds |= transaction.destroys_key or transaction.erases
        if self._journal_holds:
            # Where a reader is in the way, the next commit tries again.
            self._journal_holds = not database.empty_journal(self._connection)
        _answer(group, results)

    def _roll_back(self) -> None:
        """Undo a group in the database; a connection that cannot do that is given up."""
        if self._connection is None:
            return
        try:
            driver = database.driver(self._connection)
            if driver.in_transaction:  # some faults end it by themselves
                driver.execute("ROLLBACK")
        except database.FAULTS:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(*database.FAULTS):
                self._connection.close()
            self._connection = None


def _is_wanted(future: _Waiting) -> bool:
    """Tell whether a job is still to be run, and not given up by who waited for it."""
    if isinstance(future, Future):
        # From here on it cannot be cancelled, so its result can be set.
        return future.set_running_or_notify_cancel()
    return not future.cancelled()


def _answer(group: list[_Job], results: list[Any], fault: Exception | None = None) -> None:
    """Tell who waits what became of a group; a loop is woken once, however many wait in it."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, Any]]] = {}
    for (_, future), value in zip(group, results, strict=True):
        if isinstance(future, Future):
            _settle([(future, value)], fault)
        else:
            by_loop.setdefault(future.get_loop(), []).append((future, value))
    for loop, answers in by_loop.items():
        with contextlib.suppress(RuntimeError):  # a closed loop has nobody who waits
            loop.call_soon_threadsafe(_settle, answers, fault)


def _settle(answers: list[tuple[_Waiting, Any]], fault: Exception | None) -> None:
    for future, value in answers:
        if future.done():
            continue  # given up meanwhile
        if fault is None:
            future.set_result(value)
        else:
            future.set_exception(fault)


def _as_failure(fault: Exception) -> Exception:
    failure = fault
    if isinstance(fault, database.FAULTS):
        failure = StoreUnavailable(f"store: {database.reason(fault)}")
        failure.__cause__ = fault
    if isinstance(failure, StoreUnavailable):
        _log.error("event=store_failed reason=%s", str(failure).removeprefix("store: "))
    return failure
