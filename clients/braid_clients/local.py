"""The braids of a store on disk, without a server."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator

from braid.transcript import Layout
from braid_clients import paths
from braid_clients.problem import Problem
from braid_clients.shelf import Erased, Listed, Sealed, Shelf
from braid_server.library import Library, reading
from braid_server.revoking import Revoked
from braid_server.rotating import read_rotations
from braid_server.store import StoreBusy


class Local:
    """A library as the command line sees it."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def page(self, prefix: str, limit: int, after: str | None) -> tuple[list[Listed], str | None]:
        page = self._library.braids(prefix=prefix, limit=limit, after=after)
        fields = Listed.__slots__
        return [Listed(*(getattr(b, name) for name in fields)) for b in page.braids], page.next

    def transcript(self, braid: str, layout: Layout) -> Iterator[bytes]:
        return self._library.transcript(braid, layout=layout)

    def seal(self, braid: str, interrupt: bool) -> Sealed:
        from braid_server.sealing import StillOpen

        try:
            sealed = asyncio.run(self._library.seal(braid, interrupt=interrupt))
        except StillOpen as fault:
            raise Problem(str(fault), f"wait, or: braid seal --interrupt {braid}") from fault
        return Sealed(sealed.braid, sealed.seal, sealed.nodes)

    def erase(self, braid: str, nodes: tuple[int, ...], reason: str | None) -> Erased:
        from braid_server.sealing import StillOpen

        try:
            erased = asyncio.run(self._library.erase(braid, nodes, reason=reason))
        except StillOpen as fault:
            raise Problem(str(fault), f"wait, or: braid seal --interrupt {braid}") from fault
        fields = Erased.__slots__
        return Erased(*(getattr(erased, name) for name in fields))


def _revoked() -> Revoked:
    """What the root key's files say of keys: that of this user, who reads the store without it."""
    root_key = paths.root_key_file(os.environ)
    return Revoked(root_key, read_rotations(root_key).proofs)


@contextlib.contextmanager
def local_shelf(db: str | None, writes: bool) -> Iterator[Shelf]:
    """Open a store that is there, the user's own unless named.

    Where it is to be written and a server has it, that server is asked instead. Raises
    StoreUnavailable, and Problem where whoever has it did not say where it serves.
    """
    address = db or str(paths.store_file(os.environ))
    with reading(address, _revoked()) as opened:
        if not writes:
            yield Local(opened)
            return
    # Only what writes needs the whole service, which takes a while to load.
    from braid_server.service import Settings, library

    settings = Settings(
        db=address,
        root_key=paths.root_key_file(os.environ),
        wrapping_key=paths.wrapping_key_file(os.environ),
        log_key=paths.log_key_file(os.environ),
    )
    with contextlib.ExitStack() as stack:
        shelf: Shelf
        try:
            shelf = Local(stack.enter_context(library(settings)))
        except StoreBusy as fault:
            if fault.server is None:
                hint = "ask the server that has it: --url and --token"
                raise Problem(str(fault), hint) from fault
            from braid_clients.remote import Remote

            shelf = stack.enter_context(Remote(fault.server, None))
        yield shelf
