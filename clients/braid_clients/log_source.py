"""A log at an address, served by Braid or as plain files: checkpoints, tiles, cosignatures.

By the standard library alone, so that whoever installs the base package can be a witness.
"""

from __future__ import annotations

import http.client
import json
import math
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from braid.checkpoint import SignedCheckpoint, read_checkpoint
from braid.errors import BraidError, KeyUnusable, Malformed
from braid.note import MAX_NOTE, SignatureType, VerifierKey, read_verifier_key
from braid.tiles import ENTRIES, FULL, MAX_ENTRY, Tile
from braid.tree import HASH_BYTES
from braid_clients.timed_http import timed_handlers
from braid_server.log_paths import CHECKPOINT, COSIGNATURES, KEY, LOG_PATH
from braid_server.loopback import is_loopback

_MAX_KEY = 1024


class LogSilent(BraidError):
    """The log gave no answer, or not the one that was asked for; later it may."""


class CosignatureNotTaken(BraidError):
    """The log does not keep this cosignature."""


class Stopped(Exception):
    """We were told to stop while a log was asked or waited for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The seconds after which a log has not answered: one request, and all requests of a look."""

    request: float = 60.0
    look: float = 300.0


class LogSource:
    """A log by its address: that of a Braid server, or that under which `checkpoint` is found.

    While it is asked, `stopped` may end that: whatever is asked then raises Stopped.
    """

    def __init__(
        self,
        url: str,
        limits: Limits = Limits(),
        stopped: Callable[[], bool] = lambda: False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises LogSilent for what is no address of HTTP."""
        self._limits = limits
        self._stopped = stopped
        self._now = now
        self._request_ends = self._look_ends = math.inf
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
            parts.port  # noqa: B018 - raises ValueError for a port that is none
        except ValueError as fault:
            raise LogSilent(f"{url}: expected an address like https://HOST/braid/log") from fault
        # Anything else, as file:, is no server that others see too.
        if parts.scheme not in ("http", "https") or not host or parts.username is not None:
            raise LogSilent(f"{url}: expected an address like https://HOST/braid/log")
        path = parts.path.rstrip("/") or LOG_PATH
        self.url = f"{parts.scheme}://{parts.netloc}{path}"
        handlers = [urllib.request.ProxyHandler({})] if is_loopback(host) else []
        self._opener = urllib.request.build_opener(
            _NoRedirects(), *timed_handlers(self._go_on), *handlers
        )

    def begin_look(self) -> None:
        """Have all that is asked from now on end in the time of one look."""
        self._look_ends = self._now() + self._limits.look

    def _go_on(self) -> float:
        if self._stopped():
            raise Stopped
        left = min(self._request_ends, self._look_ends) - self._now()
        if left <= 0:
            raise TimeoutError("no whole answer in time")
        return left

    def checkpoint(self) -> SignedCheckpoint:
        """Fetch the newest checkpoint, none of its signatures checked; raises LogSilent."""
        try:
            return read_checkpoint(self._get(CHECKPOINT, MAX_NOTE))
        except Malformed as fault:
            raise LogSilent(f"{self.url}/{CHECKPOINT}: {fault}") from fault

    def key(self) -> VerifierKey:
        """Fetch the key that the log calls its own: nobody vouches for it; raises LogSilent."""
        raw = self._get(KEY, _MAX_KEY)
        try:
            return read_verifier_key(raw.decode("ascii").rstrip("\n"), SignatureType.NOTE)
        except (KeyUnusable, UnicodeDecodeError) as fault:
            raise LogSilent(f"{self.url}/{KEY}: not a verifier key of a log") from fault

    def tiles(self, wanted: Iterable[Tile]) -> Mapping[Tile, bytes]:
        """Fetch tiles of hashes, whole ones where a partial one is gone; raises LogSilent."""
        return {tile: self._tile(tile) for tile in wanted}

    def _tile(self, tile: Tile) -> bytes:
        size = FULL * (MAX_ENTRY + 2) if tile.level == ENTRIES else FULL * HASH_BYTES
        try:
            raw = self._get(tile.path, size)
        except _Missing:
            if tile.width == FULL:
                raise
            raw = self._get(Tile(tile.level, tile.index).path, size)
        if tile.level != ENTRIES:
            raw = raw[: tile.width * HASH_BYTES]
            if len(raw) != tile.width * HASH_BYTES:
                raise LogSilent(f"{self.url}/{tile.path}: expected {tile.width} hashes")
        return raw

    def post(self, cosigned: SignedCheckpoint) -> None:
        """Hand a cosigned checkpoint in; raises CosignatureNotTaken, LogSilent."""
        request = urllib.request.Request(
            f"{self.url}/{COSIGNATURES}",
            data=cosigned.raw,
            headers={"content-type": "text/plain; charset=utf-8"},
            method="POST",
        )
        self._ask(request, MAX_NOTE)

    def _get(self, path: str, most: int) -> bytes:
        return self._ask(urllib.request.Request(f"{self.url}/{path}"), most)

    def _ask(self, request: urllib.request.Request, most: int) -> bytes:
        address = request.full_url
        self._request_ends = self._now() + self._limits.request
        try:
            with self._opener.open(request, timeout=self._go_on()) as answer:
                raw: bytes = answer.read(most + 1)
        except urllib.error.HTTPError as fault:
            with fault:
                raise _refusal(request, fault) from fault
        except urllib.error.URLError as fault:
            raise LogSilent(f"{address}: {_reason(fault.reason)}") from fault
        except (OSError, http.client.HTTPException, ValueError) as fault:
            raise LogSilent(f"{address}: {_reason(fault)}") from fault
        if len(raw) > most:
            raise LogSilent(f"{address}: more than {most} bytes")
        return raw


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows none: whoever answers there is not whom the user named, and may see what we can reach."""

    def redirect_request(self, *_: object) -> None:
        return None


class _Missing(LogSilent):
    pass


def _refusal(request: urllib.request.Request, fault: urllib.error.HTTPError) -> BraidError:
    said = ": a redirect, which is not followed" if fault.code // 100 == 3 else ""
    try:
        said = ": " + str(json.loads(fault.read(MAX_NOTE))["error"]["message"])[:300]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        pass  # another server's words
    message = f"{request.full_url}: status {fault.code}{said}"
    if request.get_method() == "POST" and (fault.code < 500 or fault.code == 501):
        return CosignatureNotTaken(message)
    return _Missing(message) if fault.code in (404, 410) else LogSilent(message)


def _reason(fault: object) -> str:
    if isinstance(fault, OSError):
        return (fault.strerror or str(fault) or type(fault).__name__).lower()
    return type(fault).__name__ if isinstance(fault, Exception) else str(fault)
