"""The log of a store of the user's own: whoever runs it trusts it, as they do its root."""

from __future__ import annotations

import os

from braid_clients import paths
from braid_clients.cli.keys import OWN
from braid_clients.cli.terminal import say
from braid_clients.problem import Problem
from braid_clients.trust import LOGS, distrust_one, trust_one, trusted_of
from braid_verifier.pins import PinnedKey

_PASSING = "run"  # the label of logs whose store went with the run that kept it
_MOST_PASSING = 100  # each costs a look at every verification


def pin_log(db: str, *, passing: bool = False) -> str:
    """Trust the log that goes on in a store, and give its verifier key.

    With `passing`, one that nobody will see again: only the newest such stay trusted. Raises
    StoreUnavailable, and what a trust file that cannot be read or written raises.
    """
    from braid_server.store import Store

    store = Store(db, writable=False)
    try:
        with store.read() as reading:
            active = reading.log.active()
    finally:
        store.close()
    if active is None:
        raise Problem(f"{db}: this store keeps no log")
    file = paths.trusted_logs_file(os.environ)
    new = trust_one(file, PinnedKey(active.key, _PASSING if passing else OWN), LOGS)
    if new and not passing:
        say(f"your log {active.key} is now trusted here ({file})")
    gone = [log.key for log in trusted_of(file, LOGS) if log.label == _PASSING]
    for key in gone[:-_MOST_PASSING]:
        distrust_one(file, key, LOGS)
    return active.key
