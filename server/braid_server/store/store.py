"""One writer with group commit, and readers beside it (SPEC §8.1–8.2)."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

import sqlalchemy as sa

from braid_server.store import engine as database
from braid_server.store.engine import StoreUnavailable, WriterLock
from braid_server.store.rows import Reading, Transaction

T = TypeVar("T")
GROUP = 64  # jobs that share one commit; beyond that a commit no longer costs much a job

_Job = tuple[Callable[[Transaction], Any], "Future[Any]"]


class Store:
    """A store opened for writing, or for reading alone.

    Jobs handed to `submit` run one after the other in a thread of their own, each inside
    the transaction that commits what it wrote. A job that raises leaves nothing behind. A job
    may run twice, when the commit it shared failed for another's sake.
    """

    def __init__(self, url: str, *, writable: bool) -> None:
        """Open a store, making or migrating it when `writable`.

        Raises StoreUnavailable, and StoreBusy where another process writes to it.
        """
        address = database.parse_url(url)
        self._on_failure: list[Callable[[], None]] = []
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._engine = database.connect(address, create=writable)
        self._lock: WriterLock | None = None
        self._thread: threading.Thread | None = None
        if writable:
            self._lock = WriterLock(address)
            try:
                database.migrate(self._engine)
            except BaseException:
                self._lock.release()
                self._engine.dispose()
                raise
            self._thread = threading.Thread(target=self._run, name="braid-store-writer")
            self._thread.start()

    def on_failure(self, callback: Callable[[], None]) -> None:
        """Call back, in the writer's thread, after a failure may have undone a job's effects."""
        self._on_failure.append(callback)

    def submit(self, job: Callable[[Transaction], T]) -> Future[T]:
        """Queue a job; its future resolves once the job is durable.

        The future raises StoreUnavailable where the database failed, and whatever the job raised.
        """
        future: Future[T] = Future()
        if self._thread is None:
            future.set_exception(StoreUnavailable("store: closed, or opened for reading only"))
        else:
            self._jobs.put((job, future))
        return future

    async def write(self, job: Callable[[Transaction], T]) -> T:
        """Run a job and wait until it is durable; as `submit`."""
        return await asyncio.wrap_future(self.submit(job))

    @contextlib.contextmanager
    def read(self) -> Iterator[Reading]:
        """Read a consistent snapshot; raises StoreUnavailable."""
        try:
            with self._engine.connect() as connection, connection.begin():
                yield Reading(connection)
        except sa.exc.SQLAlchemyError as fault:
            raise StoreUnavailable(f"store: {database.reason(fault)}") from fault

    def close(self) -> None:
        """Finish the queued jobs and let go of the store."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()
            self._thread = None
        self._engine.dispose()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _run(self) -> None:
        more = True
        while more:
            job = self._jobs.get()
            group: list[_Job] = []
            while job is not None:
                group.append(job)
                if len(group) == GROUP or self._jobs.empty():
                    break
                job = self._jobs.get()
            more = job is not None
            if group:
                self._commit(group)

    def _commit(self, group: list[_Job]) -> None:
        results: list[Any] = []
        try:
            with (
                self._engine.connect().execution_options(writes=True) as connection,
                connection.begin(),
            ):
                transaction = Transaction(connection)
                for job, _ in group:
                    results.append(job(transaction))
                transaction.flush()
        except Exception as fault:  # noqa: BLE001 whatever it is, whoever waits for the job gets it
            self._undone()
            if len(group) > 1:
                # One job's fault must not take down its neighbours: each runs again alone.
                for one in group:
                    self._commit([one])
            else:
                group[0][1].set_exception(_as_failure(fault))
            return
        for (_, future), value in zip(group, results, strict=True):
            future.set_result(value)

    def _undone(self) -> None:
        for callback in self._on_failure:
            callback()


def _as_failure(fault: Exception) -> Exception:
    if not isinstance(fault, sa.exc.SQLAlchemyError):
        return fault
    failure = StoreUnavailable(f"store: {database.reason(fault)}")
    failure.__cause__ = fault
    return failure
