"""Where braids are kept. SQLAlchemy stays inside this package; canonical bytes stay verbatim."""

from braid_server.store.engine import StoreBusy, StoreUnavailable
from braid_server.store.rows import BraidRow, NodeRow, Reading, Transaction
from braid_server.store.store import Store

__all__ = [
    "BraidRow",
    "NodeRow",
    "Reading",
    "Store",
    "StoreBusy",
    "StoreUnavailable",
    "Transaction",
]
