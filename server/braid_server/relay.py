"""The relay: every byte goes on unchanged and as it comes, and generation calls are recorded.

A raw ASGI callable, because a framework's objects cost as much as the relay itself. Here a
request is let in, finds its provider and is passed through or handed to a RecordedCall.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, MutableMapping, Sequence
from typing import Any

import msgspec

from braid.call import CallOutcome
from braid.wire.again import ReadBefore
from braid_server.asgi import Receive, Send, body, start, tell, whole_body
from braid_server.exchange import Exchange, Stopped
from braid_server.gate import Gate, Refused
from braid_server.headers import Header, as_text, downward, first, promised, upward
from braid_server.opening import opening_of
from braid_server.paths import has_dot_segment, is_deeply_encoded
from braid_server.provider import Provider, route
from braid_server.recorded import RecordedCall
from braid_server.recording import (
    CallOpening,
    NothingCertified,
    OpenCall,
    Recording,
    RecordingFailed,
    Unplaceable,
)
from braid_server.upstream import Answer, Broken, NotSent, Upstream

_log = logging.getLogger(__name__)

# The body of a recorded request is held whole; a larger one is refused with 413.
MAX_BODY = 100 * 1024 * 1024

# Headers by which some upstreams take a request for one of another method.
_OVERRIDES = frozenset({b"x-http-method", b"x-http-method-override", b"x-method-override"})

# RFC 9110 §15.5.22: a 426 names what is spoken instead.
_UPGRADE = [(b"upgrade", b"HTTP/1.1"), (b"connection", b"upgrade, close")]


class Relay:
    """Serves the native paths of the providers; lives in the loop that called `start`."""

    def __init__(
        self,
        providers: Sequence[Provider],
        recording: Recording,
        gate: Gate,
        before: ReadBefore | None = None,
    ) -> None:
        """Look the proxies up; raises UpstreamUnusable. `before` is what was read of requests."""
        self._providers = tuple(providers)
        self._recording = recording
        self._gate = gate
        self._before = before
        self._upstream = Upstream([provider.address for provider in providers])
        self._live: set[Exchange] = set()
        self._closing = False

    async def start(self) -> None:
        await self._upstream.open()

    async def shutdown(self) -> None:
        """Refuse new requests, end live calls as interrupted, cut their connections.

        Call it before the server waits for its connections: a stream may last for hours.
        """
        self._closing = True
        tasks = {exchange.task for exchange in self._live}
        for exchange in tuple(self._live):
            exchange.stop(CallOutcome.INTERRUPTED)
        if tasks:
            await asyncio.wait(tasks)
        await self._upstream.close()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        raw_path: bytes = scope["raw_path"]
        provider, path = route(
            self._providers, raw_path.decode("latin-1"), scope["query_string"], scope["headers"]
        )
        try:
            await self._let_in(provider, path, scope, receive, send)
        except Refused as refusal:
            _log.info("event=refused status=%d", refusal.status)
            text = provider.error(refusal.status, f"braid: {refusal}")
            await tell(send, refusal.status, text, _UPGRADE if refusal.status == 426 else None)

    async def _let_in(
        self,
        provider: Provider,
        path: str,
        scope: MutableMapping[str, Any],
        receive: Receive,
        send: Send,
    ) -> None:
        headers: list[Header] = scope["headers"]
        if any(name == b"upgrade" and b"websocket" in value.lower() for name, value in headers):
            raise Refused(426, "upgrade: websockets are not relayed")
        # What follows it is by definition no body, so its headers cannot say how long that is.
        if scope["method"] == "CONNECT":
            raise Refused(405, "method: CONNECT is not relayed")
        tenant = self._gate.tenant_of_relay(headers)
        if self._closing:
            raise Refused(503, "this server is shutting down")
        # Anything else in front would be read as part of the upstream's host.
        if not path.startswith("/"):
            raise Refused(400, "path: expected one that begins with a slash")
        if is_deeply_encoded(path):
            raise Refused(400, "path: percent-encoded too often")
        if has_dot_segment(path):
            raise Refused(400, "path: expected no dot segments")
        method: str = scope["method"]
        form = provider.format_of(method, path)
        if form is None and provider.is_ambiguous(method, path):
            raise Refused(400, "path: ambiguous")
        if any(name in _OVERRIDES for name, _ in headers):
            # The upstream would do what nobody here has looked for in the table.
            raise Refused(400, "method: expected no other one in a header")
        try:
            query = scope["query_string"].decode("utf-8")
        except UnicodeDecodeError as fault:
            raise Refused(400, "query: expected UTF-8") from fault
        crossing = upward(headers, provider.address.authorization)
        text = as_text(crossing)
        exchange = Exchange()
        self._live.add(exchange)
        try:
            if form is not None:
                sent = await _whole(exchange, headers, receive)
                if sent is None:
                    return
                opening = await opening_of(
                    provider,
                    form,
                    tenant,
                    path,
                    query,
                    crossing,
                    sent,
                    _named(headers, b"x-braid-conversation"),
                    self._before,
                )
                opening = msgspec.structs.replace(
                    opening,
                    braid=_named(headers, b"x-braid-id"),
                    parent=_named(headers, b"x-braid-parent"),
                )
                call = await self._open(exchange, opening)
                exchange.watch(receive)
                recorded = RecordedCall(provider, form, opening, call, exchange, send)
                await recorded.carry(self._upstream, method, _target(path, query), text)
            else:
                upload = _upload(exchange, headers, receive)
                await self._pass_through(
                    exchange,
                    provider,
                    method,
                    _target(path, query),
                    text,
                    upload,
                    send,
                )
        finally:
            self._live.discard(exchange)
            exchange.finish()

    async def _open(self, exchange: Exchange, opening: CallOpening) -> OpenCall:
        try:
            return await exchange.durable(self._recording.open(opening))
        except Unplaceable as fault:
            raise Refused(404, str(fault)) from fault
        except NothingCertified as fault:
            raise Refused(503, f"{fault}; the request was not sent") from fault
        except RecordingFailed as fault:
            raise Refused(503, "the request could not be recorded and was not sent") from fault
        except Exception as fault:  # noqa: BLE001 - whatever broke, nothing may be sent
            # The message of an unexpected fault could quote the conversation.
            _log.error("event=open_failed fault=%s", type(fault).__name__)
            raise Refused(503, "the request could not be recorded and was not sent") from None

    async def _pass_through(
        self,
        exchange: Exchange,
        provider: Provider,
        method: str,
        target: str,
        headers: list[tuple[str, str]],
        upload: AsyncIterator[bytes] | None,
        send: Send,
    ) -> None:
        try:
            answer = await exchange.network(
                self._upstream.send(provider.address, method, target, headers, upload)
            )
        except NotSent as fault:
            _log.warning('event=not_sent why="%s"', fault)
            raise Refused(502, f"the upstream cannot be reached: {fault}") from fault
        except Broken as fault:
            _log.warning('event=no_answer why="%s"', fault)
            raise Refused(502, f"the upstream sent no answer: {fault}") from fault
        except Stopped as stop:
            if exchange.why is CallOutcome.CLIENT_GONE:
                return
            raise Refused(503, "this server is shutting down") from stop
        except Exception as fault:  # noqa: BLE001 - the trace of a fault could hold an address
            _log.error("event=pass_failed fault=%s", type(fault).__name__)
            raise Refused(502, "the relay failed") from None
        try:
            await exchange.network(_bring_down(answer, send))
        except (Broken, Stopped):
            _log.info("event=answer_cut status=%d", answer.status)
        except Exception as fault:  # noqa: BLE001 - the trace of a fault could hold an address
            _log.error("event=pass_failed fault=%s", type(fault).__name__)
        finally:
            answer.close()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.shutdown()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _named(headers: list[Header], name: bytes) -> str | None:
    value = first(headers, name)
    return None if value is None else value.decode("latin-1").strip()


def _target(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


async def _whole(exchange: Exchange, headers: list[Header], receive: Receive) -> bytes | None:
    try:
        return await exchange.network(whole_body(headers, receive, MAX_BODY))
    except Stopped as stop:
        raise Refused(503, "this server is shutting down") from stop


def _upload(
    exchange: Exchange, headers: list[Header], receive: Receive
) -> AsyncIterator[bytes] | None:
    """The body of a request as it comes; None where its headers promise none."""
    length = promised(headers)
    if length == 0 or (length is None and first(headers, b"transfer-encoding") is None):
        exchange.watch(receive)
        return None
    return _pieces(exchange, receive, length)


async def _pieces(exchange: Exchange, receive: Receive, length: int | None) -> AsyncIterator[bytes]:
    more = True
    size = 0
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            exchange.stop(CallOutcome.CLIENT_GONE)
            # A clean end would tell the upstream that the body is whole.
            raise ConnectionResetError
        piece = message.get("body", b"")
        size += len(piece)
        more = message.get("more_body", False)
        if length is not None and (size > length or (size < length and not more)):
            # The next request on this connection would be read from the wrong byte.
            raise ConnectionResetError
        if piece:
            yield piece
    exchange.watch(receive)


async def _bring_down(answer: Answer, send: Send) -> None:
    await send(start(answer.status, downward(answer.headers, answer.status)))
    while chunk := await answer.read():
        await send(body(chunk))
    await send(body(b"", more=False))
