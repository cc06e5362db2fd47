"""A port that nobody answers at, for as long as a test needs that."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def refusing() -> Iterator[int]:
    """Hold a port of this machine: bound and deaf, so that whoever connects is refused.

    Nobody else is given it. A server may be told to listen there meanwhile, more than once.
    """
    with socket.socket() as nobody:
        nobody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        nobody.bind(("127.0.0.1", 0))
        yield nobody.getsockname()[1]
