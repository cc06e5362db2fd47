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
# In a file of their own, so that none that a user trusts is ever among those that go.
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
    if passing:
        _pin_passing(active.key)
        return active.key
    file = paths.trusted_logs_file(os.environ)
    if trust_one(file, PinnedKey(active.key, OWN), LOGS):
        say(f"your log {active.key} is now trusted here ({file})")
    return active.key


def _pin_passing(key: str) -> None:
    file = paths.logs_of_runs_file(os.environ)
    trust_one(file, PinnedKey(key, _PASSING), LOGS)
    for one in trusted_of(file, LOGS)[:-_MOST_PASSING]:
        distrust_one(file, one.key, LOGS)
