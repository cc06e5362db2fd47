"""Where braids are kept. SQLAlchemy stays inside this package; canonical bytes stay verbatim."""

from braid_server.store.engine import StoreBusy, StoreUnavailable
from braid_server.store.rows import BraidRow, NodeRow, Reading, Transaction
from braid_server.store.store import REWRITES, Left, Store

__all__ = [
    "REWRITES",
    "BraidRow",
    "Left",
    "NodeRow",
    "Reading",
    "Store",
    "StoreBusy",
    "StoreUnavailable",
    "Transaction",
]
