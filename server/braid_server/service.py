"""The service put together: settings to keys, store, recorder, relay and API on one port."""

from __future__ import annotations

import contextlib
import errno
import functools
import gc
import ipaddress
import logging
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from braid.call import HistoryPolicy
from braid.certificate import MAX_ISSUER
from braid.errors import BraidError, KeyUnusable
from braid.log_entry import EntryKind, LogEntry
from braid.note import SignatureType, VerifierKey, read_verifier_key
from braid.strict_json import read_object
from braid_server import homes
from braid_server.api import build_api
from braid_server.asgi import Message, Receive, Send
from braid_server.gate import Gate
from braid_server.homes import Home
from braid_server.keyring import Keyring
from braid_server.library import Library
from braid_server.log_face import LogFace
from braid_server.log_key import LogSettings, keep_log
from braid_server.loopback import is_loopback
from braid_server.opening_keys import open_keys
from braid_server.provider import Provider
from braid_server.providers import TABLE
from braid_server.recorder import Recorder
from braid_server.relay import Relay
from braid_server.serving import Server, configure
from braid_server.store import REWRITES, Store, StoreUnavailable, Transaction, refuse_busy
from braid_server.sweeping import Sweeper
from braid_server.upstream import UpstreamUnusable

_log = logging.getLogger("braid.service")
_OURS = frozenset(
    (b"/.well-known/braid-keys", b"/.well-known/braid-statements", b"/healthz", b"/readyz")
)
_READY_SECONDS = 5.0
# So many cosignatures that a checkpoint with all of them is still one (SPEC §13.2).
MAX_WITNESSES = 32
_PORTS = {"http": 80, "https": 443}


class Misconfigured(BraidError):
    """Settings that cannot be served; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a service needs to know.

    db        path or SQLAlchemy address of the store.
    tokens    tenant to secret; without any, only loopback may be served.
    history   what is done about false history (SPEC §8.4).
    seal_after  how long nothing is signed in a braid before it is sealed while served; None for never.
    restored  the store comes from a copy, or its wrapping key is lost: the root closes what is open,
              and another log begins, as with `new_log`.
    issuer    what certificates say of who runs this service; printable ASCII, may be empty.
    log_key     file of the key of the store's log; None for the one beside the store.
    log_origin  what a log that begins is called; None for a name made of its key.
    log_witnesses  verifier keys of the witnesses whose cosignatures are kept.
    new_log   the log of the store goes on no more, and another begins.
    """

    db: str
    root_key: Path
    wrapping_key: Path
    upstream_anthropic: str = homes.ANTHROPIC.url
    upstream_gemini: str = homes.GEMINI.url
    upstream_openai: str = homes.OPENAI.url
    host: str = "127.0.0.1"
    port: int = 8420
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    issuer: str = ""
    history: HistoryPolicy = HistoryPolicy.RECORD
    seal_after: timedelta | None = None
    restored: bool = False
    log_key: Path | None = None
    log_origin: str | None = None
    log_witnesses: tuple[str, ...] = ()
    new_log: bool = False

    def upstream(self, home: Home) -> str:
        """Give the address that stands for a provider."""
        address: str = getattr(self, f"upstream_{home.name}")
        return address

    def check(self) -> None:
        """Raise Misconfigured for settings that contradict each other."""
        if not self.tokens and not is_loopback(self.host):
            raise Misconfigured(
                f"host: {self.host} is not loopback; other machines may connect only with tokens"
            )
        if any(not name or not secret for name, secret in self.tokens.items()):
            raise Misconfigured("token: expected NAME=SECRET, neither of them empty")
        if len(set(self.tokens.values())) != len(self.tokens):
            raise Misconfigured("token: two tenants share one secret")
        if len(self.issuer) > MAX_ISSUER or any(
            not "!" <= character <= "~" or character in '"\\' for character in self.issuer
        ):
            raise Misconfigured("issuer: expected printable ASCII without spaces and quotes")
        if self.seal_after is not None and self.seal_after <= timedelta():
            raise Misconfigured("seal_after: expected more than no time at all")
        if not 0 <= self.port <= 65535:
            raise Misconfigured(f"port: expected 0 to 65535, got {self.port}")
        if len(self.witnesses()) > MAX_WITNESSES:
            raise Misconfigured(f"--log-witness: expected at most {MAX_WITNESSES}")

    def witnesses(self) -> tuple[VerifierKey, ...]:
        """Read the keys of the witnesses; raises Misconfigured."""
        try:
            return tuple(
                read_verifier_key(text, SignatureType.COSIGNATURE) for text in self.log_witnesses
            )
        except KeyUnusable as fault:
            raise Misconfigured(f"--log-witness: {fault}") from fault


def now() -> datetime:
    return datetime.now(UTC)


@contextlib.contextmanager
def opened(
    settings: Settings,
    clock: Callable[[], datetime] = now,
    rewrites: int | None = REWRITES,
) -> Iterator[Service]:
    """Open keys and store, and close calls that a killed process left open.

    `rewrites` is as for `Store`. Raises Misconfigured, KeyFileUnusable, StoreUnavailable, StoreBusy, UpstreamUnusable.
    """
    settings.check()
    _providers(settings)
    store = Store(settings.db, writable=True, rewrites=rewrites)
    try:
        service = _service(settings, store, clock)
    except BaseException:
        store.close(undo=True)
        raise
    try:
        yield service
    finally:
        store.close()


def _providers(settings: Settings) -> list[Provider]:
    made: list[Provider] = []
    for row in TABLE:
        try:
            made.append(row.make(settings.upstream(row.home)))
        except UpstreamUnusable as fault:
            raise UpstreamUnusable(f"{row.home.name}: {fault}") from fault
    return made


def _service(settings: Settings, store: Store, clock: Callable[[], datetime]) -> Service:
    keyring = open_keys(store, settings.root_key, settings.wrapping_key, settings.issuer)
    log = keep_log(store, _log_settings(settings), clock())
    for logged in _log_statements(store, keyring):
        logged.result()
    # Whoever sees a change may be in the writer's thread, and so cannot wait for it.
    keyring.revoked.on_news(functools.partial(_log_news, store, keyring))
    recorder = Recorder(store, keyring, clock, history=settings.history)
    if settings.restored:
        _log.info("event=braids_closed count=%d", recorder.close_all())
    recovered = recorder.recover()
    if recovered:
        _log.info("event=calls_recovered count=%d", recovered)
    gate = Gate(settings.tokens)
    library = Library(store, recorder, keyring.revoked)
    relay = Relay(_providers(settings), recorder, gate, recorder.before)
    face = LogFace(store, settings.witnesses())
    api = build_api(library, gate, keyring, lambda: _writes(store), face)
    return Service(settings, keyring.root, log.key, store, recorder, library, relay, api)


def _log_settings(settings: Settings) -> LogSettings:
    anew = settings.new_log or settings.restored
    return LogSettings(settings.log_key, settings.log_origin, settings.issuer, anew)


def _log_statements(store: Store, keyring: Keyring) -> list[Future[None]]:
    """Log what the roots said of their keys, as far as it is not logged yet."""
    logged = []
    for line in keyring.revoked.told.splitlines():
        said = read_object(line, "statement")
        pop = None if "pop" not in said else str(said["pop"])
        entry = LogEntry(EntryKind(str(said["type"])), str(said["h"]), str(said["s"]), pop)
        job = functools.partial(Transaction.log_statement, entry=entry)
        logged.append(store.submit(job))
    return logged


def _log_news(store: Store, keyring: Keyring) -> None:
    for logged in _log_statements(store, keyring):
        logged.add_done_callback(_tell_of_fault)


def _tell_of_fault(logged: Future[None]) -> None:
    fault = logged.exception()
    if fault is not None:
        _log.error("event=statement_not_logged fault=%s", type(fault).__name__)


def _writes(store: Store) -> bool:
    try:
        store.submit(Transaction.prove).result(_READY_SECONDS)
    except (StoreUnavailable, TimeoutError):
        return False
    return True


class Service:
    """One ASGI application: our own paths to the API, everything else to the relay."""

    def __init__(
        self,
        settings: Settings,
        root: str,
        log_vkey: str,
        store: Store,
        recorder: Recorder,
        library: Library,
        relay: Relay,
        api: Callable[[Message, Receive, Send], Awaitable[None]],
    ) -> None:
        self.settings = settings
        self.root = root
        self.log_vkey = log_vkey
        self.library = library
        self._store = store
        self._recorder = recorder
        self._relay = relay
        self._api = api

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path: bytes = scope["raw_path"]
            if path in _OURS or path.startswith(b"/braid/"):
                await self._answer(scope, receive, send)
                return
        await self._relay(scope, receive, send)

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            await self._api(scope, receive, send)
        except Exception as fault:  # noqa: BLE001 whoever asked was told, or is cut off
            # Its message could quote a conversation, and so could its traceback.
            _log.error("event=api_failed fault=%s", type(fault).__name__)

    @contextlib.contextmanager
    def sealing_idle(self) -> Iterator[None]:
        """Seal idle braids meanwhile, if the settings say after how long."""
        after = self.settings.seal_after
        if after is None:
            yield
            return
        sweeper = Sweeper(lambda: self._recorder.seal_idle(after), after)
        try:
            yield
        finally:
            sweeper.stop()

    def server(self, listener: socket.socket, stopped: threading.Event) -> Server:
        """A server for this service on a socket that listens, until `stopped` is set."""
        if not self.settings.tokens:  # with them, an address alone is of no use
            self._store.tell(url_of(listener))
        host, port = listener.getsockname()[:2]
        return Server(configure(self, host, port), self._relay.shutdown, stopped)


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """Have the port before anything is made; raises Misconfigured, and StoreBusy."""
    settings.check()
    try:
        listener = listen(settings.host, settings.port)
    except Misconfigured:
        # Whoever has the port may have the store too, and then can be asked.
        refuse_busy(settings.db)
        raise
    with listener:
        _refuse_itself(settings, listener)
        yield listener


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address; raises Misconfigured where that cannot be."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as fault:
        raise Misconfigured(_why_not(host, port, fault)) from fault
    listener.setblocking(False)
    return listener


def _why_not(host: str, port: int, fault: OSError) -> str:
    if fault.errno == errno.EADDRINUSE:
        return f"port {port} is taken; --port 0 takes a free one"
    reason = fault.strerror or str(fault)
    if fault.errno is not None and not isinstance(fault, socket.gaierror):
        # `socket.create_server` adds the address to its text, which is said here already.
        reason = os.strerror(fault.errno)
    return f"{host} port {port}: {reason}"


def _refuse_itself(settings: Settings, listener: socket.socket) -> None:
    """Raise Misconfigured where the upstream is this server: each request would send the next."""
    host, port = listener.getsockname()[:2]
    everywhere = ipaddress.ip_address(host).is_unspecified
    for row in TABLE:
        upstream = urlsplit(settings.upstream(row.home))
        there = (upstream.hostname or "").rstrip(".")
        if (upstream.port or _PORTS.get(upstream.scheme)) != port:
            continue
        names_us = is_loopback(there) or _is_unspecified(there)
        if there in (host, settings.host) or (names_us and (everywhere or is_loopback(host))):
            raise Misconfigured(
                f"upstream: {url_of(listener)} is this server itself; "
                f"name the provider's address with --upstream-{row.home.name}"
            )


def _is_unspecified(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified  # connects to this machine
    except ValueError:
        return False


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(settings: Settings, ready: Callable[[str, str], None], stopped: threading.Event) -> None:
    """Serve until `stopped` is set; `ready` is told the base URL and the root's public key.

    Raises as `opened` does.
    """
    with _listening(settings) as listener, opened(settings) as service:
        _spare_the_collector()
        ready(url_of(listener), service.root)
        with service.sealing_idle():
            service.server(listener, stopped).run(sockets=[listener])


def _spare_the_collector() -> None:
    """Have the process, which is ours alone, look for cycles less often.

    The record makes many objects that live long and few cycles: at Python's own thresholds
    looking for them takes an eighth of all work (benchmarks/relay.py).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@contextlib.contextmanager
def running(settings: Settings) -> Iterator[str]:
    """Serve in a thread of this process and give the base URL; port 0 takes a free one.

    Raises as `opened` does.
    """
    with _listening(settings) as listener, opened(settings) as service:
        stopped = threading.Event()
        server = service.server(listener, stopped)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="braid-server"
        )
        thread.start()
        try:
            with service.sealing_idle():
                yield url_of(listener)
        finally:
            stopped.set()
            thread.join()


@contextlib.contextmanager
def library(settings: Settings) -> Iterator[Library]:
    """Open a store without serving it; raises as `opened` does."""
    with opened(settings, rewrites=None) as service:  # nobody waits for its writes
        yield service.library
