"""Where braids are kept. SQLAlchemy stays inside this package; canonical bytes stay verbatim."""

from braid_server.store.engine import StoreBusy, StoreUnavailable, refuse_busy
from braid_server.store.log_rows import CosignatureRow, Logged, LogReading, LogRow
from braid_server.store.log_writer import LogWriter
from braid_server.store.rows import BraidRow, NodeRow, Reading
from braid_server.store.store import REWRITES, Left, Store
from braid_server.store.transaction import Transaction

__all__ = [
    "REWRITES",
    "BraidRow",
    "CosignatureRow",
    "Left",
    "LogReading",
    "LogRow",
    "LogWriter",
    "Logged",
    "NodeRow",
    "Reading",
    "Store",
    "StoreBusy",
    "StoreUnavailable",
    "Transaction",
    "refuse_busy",
]
