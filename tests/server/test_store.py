"""The store: what is committed is there, what failed is not, and one process writes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from braid_server.store import BraidRow, Store, StoreBusy, StoreUnavailable, Transaction
from braid_server.store.engine import connect_writer, parse_url
from braid_server.store.schema import metadata
from braid_server.store.store import GROUP
from fakes.desk import Desk, ask
from fakes.upstream import PATIENCE
from fakes.writer import writer_held


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "braid.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with contextlib.closing(Store(str(path), writable=True)) as opened:
        yield opened


def row(name: str) -> BraidRow:
    return BraidRow(0, name, "local", "{}", "2026-11-20T09:30:00.000Z", None, b"key", False)


def add(name: str) -> Callable[[Transaction], int]:
    return lambda transaction: transaction.add_braid(row(name))


def names(store: Store) -> list[str]:
    with store.read() as reading:
        found = reading.summaries(tenant=None, prefix="", before=None, limit=1000)
    return sorted(one.id for one in found)


def test_jobs_that_wait_together_share_a_commit(store: Store) -> None:
    shared: list[Transaction] = []
    with writer_held(store):
        jobs = [store.submit(shared.append) for _ in range(GROUP + 1)]
    for job in jobs:
        job.result(PATIENCE)
    assert all(one is shared[0] for one in shared[:GROUP])
    assert shared[GROUP] is not shared[0]


def test_a_job_sees_what_jobs_before_it_in_the_same_commit_wrote(store: Store) -> None:
    def look(transaction: Transaction) -> BraidRow | None:
        return transaction.reading.braid_named("one")

    with writer_held(store):
        store.submit(add("one"))
        seen = store.submit(look)
    assert seen.result(PATIENCE) is not None


def test_a_failing_job_takes_nobody_along_and_leaves_nothing_behind(store: Store) -> None:
    undone: list[str] = []

    def fail(transaction: Transaction) -> None:
        transaction.on_failure(lambda: undone.append("failing"))
        transaction.add_braid(row("failing"))
        transaction.add_mark(b"mark", 1, 1)
        raise KeyError("a fault of ours")

    with writer_held(store):
        first, failing, last = (
            store.submit(add("first")),
            store.submit(fail),
            store.submit(add("z")),
        )
    first.result(PATIENCE)
    last.result(PATIENCE)
    with pytest.raises(KeyError):
        failing.result(PATIENCE)
    assert names(store) == ["first", "z"]
    with store.read() as reading:
        assert reading.marked(b"mark") == []
    # Once for the commit it was to share, once for its own.
    assert undone == ["failing", "failing"]


def test_a_row_that_is_there_already_fails_its_job_alone(store: Store) -> None:
    with writer_held(store):
        jobs = [store.submit(add(name)) for name in ("same", "same", "other")]
    jobs[0].result(PATIENCE)
    jobs[2].result(PATIENCE)
    with pytest.raises(StoreUnavailable, match="UNIQUE"):
        jobs[1].result(PATIENCE)
    assert names(store) == ["other", "same"]


def test_a_fault_of_the_database_does_not_repeat_what_was_written(store: Store) -> None:
    words = "said in confidence".replace(" ", "-")  # as this line does not spell it
    store.submit(add(words)).result(PATIENCE)
    with pytest.raises(StoreUnavailable) as raised:
        store.submit(add(words)).result(PATIENCE)
    assert words not in "".join(traceback.format_exception(raised.value))


def test_a_job_given_up_before_it_ran_harms_nobody(store: Store) -> None:
    async def give_up() -> None:
        waiting = asyncio.create_task(store.write(add("given up")))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    with writer_held(store):
        before = store.submit(add("before"))
        asyncio.run(give_up())
        after = store.submit(add("after"))
    before.result(PATIENCE)
    after.result(PATIENCE)
    assert names(store) == ["after", "before"]


def test_a_job_given_up_while_it_ran_harms_nobody(store: Store) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(transaction: Transaction) -> None:
        begun.set()
        assert go.wait(PATIENCE)
        transaction.add_braid(row("slow"))

    async def give_up() -> None:
        waiting = asyncio.create_task(store.write(slow))
        assert await asyncio.to_thread(begun.wait, PATIENCE)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        go.set()

    asyncio.run(give_up())
    store.submit(add("after")).result(PATIENCE)
    assert names(store) == ["after", "slow"]


def test_closing_finishes_what_was_queued_and_takes_no_more(path: Path) -> None:
    store = Store(str(path), writable=True)
    jobs: list[Future[int]] = []
    with writer_held(store):
        jobs += [store.submit(add(name)) for name in "abc"]
        closing = threading.Thread(target=store.close)
        closing.start()
    closing.join(PATIENCE)
    assert [job.result(0) for job in jobs] == [1, 2, 3]
    with pytest.raises(StoreUnavailable, match="closed"):
        store.submit(add("late")).result(PATIENCE)
    store.close()


def test_readers_neither_wait_for_the_writer_nor_see_what_comes_later(store: Store) -> None:
    store.submit(add("before")).result(PATIENCE)
    with store.read() as reading:
        assert reading.braid_named("before") is not None
        store.submit(add("later")).result(PATIENCE)
        assert reading.braid_named("later") is None
        with writer_held(store):
            assert names(store) == ["before", "later"]


def test_many_slow_readers_do_not_keep_the_writer_waiting(store: Store) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(15):  # as many as the pool of readers lends
            stack.enter_context(store.read())
        assert store.submit(add("one")).result(PATIENCE) == 1


def test_a_store_is_read_beside_the_process_that_writes_it(store: Store, path: Path) -> None:
    store.submit(add("one")).result(PATIENCE)
    with contextlib.closing(Store(str(path), writable=False)) as beside:
        assert names(beside) == ["one"]
        with pytest.raises(StoreUnavailable, match="reading only"):
            beside.submit(add("two")).result(PATIENCE)
        store.submit(add("two")).result(PATIENCE)
        assert names(beside) == ["one", "two"]


def test_what_reads_cannot_write(store: Store) -> None:
    with pytest.raises(StoreUnavailable, match="readonly"), store.read() as reading:
        transaction = Transaction(reading._connection)
        transaction.add_braid(row("one"))
        transaction.flush()


HOLDER = """
import os
import sys
from braid_server.store import Store
Store(sys.argv[1], writable=True)
print("held", flush=True)
sys.stdin.read()
os._exit(0)
"""


def test_one_process_writes_and_its_death_frees_the_store(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        with pytest.raises(StoreBusy, match=r"braid\.db is in use by a running server"):
            Store(str(path), writable=True)
        link = path.with_name("link.db")
        link.symlink_to(path)
        with pytest.raises(StoreBusy):
            Store(str(link), writable=True)
        with contextlib.closing(Store(str(path), writable=False)) as beside:
            assert names(beside) == []
        holder.kill()
    with contextlib.closing(Store(str(path), writable=True)) as store:
        store.submit(add("one")).result(PATIENCE)


def test_the_store_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "braid.db"
    before = os.umask(0)
    try:
        with contextlib.closing(Store(str(path), writable=True)) as store:
            store.submit(add("one")).result(PATIENCE)
            modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(
        ("braid.db", "braid.db-wal", "braid.db-shm", "braid.db.lock"), 0o600
    )
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


LOG_TABLES = ["cosignature", "log", "log_entry", "log_hash"]


def test_migrations_make_the_tables_of_the_schema(path: Path) -> None:
    url = parse_url(str(path))
    for _ in range(2):  # the second time there is nothing left to do
        Store(str(path), writable=True).close()
        with connect_writer(url).connect() as connection:
            context = MigrationContext.configure(connection)
            assert context.get_current_revision() == "0004"
            assert compare_metadata(context, metadata) == []


def test_a_store_of_the_first_version_is_brought_up_to_date(path: Path) -> None:
    with contextlib.closing(Store(str(path), writable=True)) as store:
        store.submit(add("one")).result(PATIENCE)
    with contextlib.closing(sqlite3.connect(path)) as plain:
        for column in ("closure", "rotations"):
            plain.execute(f"ALTER TABLE braid DROP COLUMN {column}")
        for table in LOG_TABLES:
            plain.execute(f"DROP TABLE {table}")
        plain.execute("UPDATE alembic_version SET version_num = '0001'")
        plain.commit()
    with pytest.raises(StoreUnavailable, match="older version .* braid serve"):
        Store(str(path), writable=False)
    with contextlib.closing(Store(str(path), writable=True)) as store, store.read() as reading:
        row = reading.braid_named("one")
    assert row is not None and row.closure is None and not row.sealed


def test_a_commit_is_on_the_disk_when_it_returns(store: Store, path: Path) -> None:
    with connect_writer(parse_url(str(path))).connect() as connection:

        def setting(name: str) -> object:
            return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()

        assert setting("journal_mode") == "wal"
        assert setting("synchronous") == 2  # FULL
        assert setting("secure_delete") == 1
    with contextlib.closing(sqlite3.connect(path)) as plain:
        assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize(
    "address",
    ["", ":memory:", "sqlite://", "sqlite:///:memory:", "mysql://localhost/braid", "nonsense://"],
)
def test_an_address_that_is_no_file_is_refused(address: str) -> None:
    with pytest.raises(StoreUnavailable, match="store: "):
        Store(address, writable=True)


def test_a_secret_in_an_address_is_not_repeated() -> None:
    with pytest.raises(StoreUnavailable) as raised:
        Store("postgresql://me:hunter2@localhost/braid", writable=True)
    assert "hunter2" not in str(raised.value)


def test_what_is_no_store_is_said_to_be_none_and_stays_as_it_is(tmp_path: Path) -> None:
    empty, text, folder = tmp_path / "empty", tmp_path / "text", tmp_path / "folder"
    empty.touch()
    text.write_text("words, not a database\n" * 100)
    folder.mkdir()
    for path in (empty, text, folder, tmp_path / "missing"):
        with pytest.raises(StoreUnavailable):
            Store(str(path), writable=False)
    assert empty.read_bytes() == b""
    for path in (text, folder):
        with pytest.raises(StoreUnavailable):
            Store(str(path), writable=True)
    assert text.read_text().startswith("words")


def test_a_store_of_a_newer_version_is_left_alone(path: Path) -> None:
    Store(str(path), writable=True).close()
    with contextlib.closing(sqlite3.connect(path)) as plain, plain:
        plain.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnavailable, match="newer version"):
        Store(str(path), writable=True)
    # The lock was given back.
    with pytest.raises(StoreUnavailable, match="newer version"):
        Store(str(path), writable=True)


def test_a_full_disk_fails_what_it_must_and_loses_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fakes.full_disk", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stdout=subprocess.PIPE,
        timeout=PATIENCE,
        check=True,
    )
    said = json.loads(done.stdout)
    assert said["refused"].startswith("store: ")
    assert said["cut"].startswith("store: ")
    assert (said["writes_full"], said["writes_after"]) == (False, True)
    assert said["nodes_full"] == 5  # what is there can be read meanwhile
    # What a running stream had brought is written once that is possible again, in its order.
    assert said["streamed"] == ["first", "second", "third"]
    # So is an end that was owed. Nothing is there of the call that was refused.
    assert said["owed"] == ["complete", 1]
    assert said["braids"] == ["verified"] * 4
    with contextlib.closing(sqlite3.connect(tmp_path / "braid.db")) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def on_disk(path: Path) -> bytes:
    return b"".join(one.read_bytes() for one in path.parent.iterdir() if one.is_file())


def wrapped_key(desk: Desk, braid: str) -> bytes:
    with desk.store.read() as reading:
        found = reading.braid_named(braid)
    assert found is not None and found.wrapped_key is not None
    return found.wrapped_key


def test_a_seal_destroys_the_wrapped_key(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        others = [desk.turn(ask(f"question {n}"), "answer").braid for n in range(20)]
        braid = others.pop(7)
        key = wrapped_key(desk, braid)
        assert key in on_disk(desk.path)
        desk.seal(braid)
        assert key not in on_disk(desk.path)
        assert all(wrapped_key(desk, other) in on_disk(desk.path) for other in others)


def test_a_reader_delays_the_destruction_until_the_next_commit(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        braid = desk.turn(ask("question"), "answer").braid
        key = wrapped_key(desk, braid)
        with desk.store.read() as reading:
            assert reading.braid_named(braid) is not None
            desk.seal(braid)
            assert key in on_disk(desk.path)
        desk.turn(ask("another"), "answer")
        assert key not in on_disk(desk.path)


def test_the_schema_is_not_left_to_a_driver(store: Store) -> None:
    with store.read() as reading:
        tables = sa.inspect(reading._connection).get_table_names()
    assert sorted(tables) == sorted(
        ["alembic_version", "braid", "call", "mark", "node", *LOG_TABLES]
    )
