"""From a whole request to the opening of its call: what it says, without what is secret."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from functools import partial

from braid.node import Kind, Origin
from braid.wire.again import ReadBefore
from braid.wire.block import Block, Request
from braid.wire.credentials import without_credentials
from braid_server.decoding import Undecodable, decode
from braid_server.headers import Header, codings, first
from braid_server.paths import plain
from braid_server.provider import Provider, WireFormat
from braid_server.recording import CallOpening

_log = logging.getLogger(__name__)

# Reading a body of this size keeps the loop busy for tens of milliseconds; beyond it, a thread
# reads. For smaller ones that is no gain: reading holds the interpreter's lock most of the time.
IN_THREAD = 1024 * 1024

# A flag, a number or a list of names; not what another parser would split once more.
_VALUE = re.compile(r"[A-Za-z0-9_.,-]{0,64}")


async def opening_of(
    provider: Provider,
    form: WireFormat,
    tenant: str,
    path: str,
    query: str,
    headers: Sequence[Header],
    body: bytes,
    named: str | None = None,
    before: ReadBefore | None = None,
) -> CallOpening:
    """Say what a request says, by the headers that go upstream; `before` helps to read it.

    `named` is what the client calls its conversation in Braid's own header, of any provider.
    Never raises for what a client sent.
    """
    applied = codings(headers)
    read = partial(_read, provider.name, form, plain(path), body, applied, before, tenant)
    if applied or len(body) > IN_THREAD:
        request = await asyncio.to_thread(read)
    else:
        request = read()
    return CallOpening(
        tenant=tenant,
        provider=provider.name,
        upstream=provider.address.base,
        path=path,
        query=of_parameters(query, provider.parameters),
        session=_session(named) or provider.session(headers, request.parameters),
        retry=_count(first(headers, b"x-stainless-retry-count")),
        headers=tuple(
            (name.decode("ascii"), value.decode("latin-1"))
            for name, value in headers
            if name in provider.versioning
        ),
        body=body,
        request=request,
    )


def _session(named: str | None) -> str | None:
    # The line end keeps such a name apart from whatever a known client calls its sessions.
    return f"x-braid-conversation\n{named}" if named else None


def of_parameters(query: str, names: frozenset[str]) -> str:
    """Keep the parameters of a query that are known, as they are spelled (SPEC §6.1).

    Any other may carry a key, in its value or as its name.
    """
    return "&".join(part for part in query.split("&") if _is_known(part, names))


def _is_known(part: str, names: frozenset[str]) -> bool:
    name, _, value = part.partition("=")
    return name in names and _VALUE.fullmatch(value) is not None


def _count(value: bytes | None) -> int:
    # Nine digits: a count beyond them is no count.
    return int(value) if value is not None and value.isdigit() and len(value) < 10 else 0


def _read(
    provider: str,
    form: WireFormat,
    path: str,
    body: bytes,
    applied: tuple[str, ...],
    before: ReadBefore | None,
    tenant: str,
) -> Request:
    try:
        plain_body = decode(body, applied) if applied else body
        return form.read_request(plain_body, path, before, tenant)
    except Undecodable as fault:
        return _unread(provider, body, str(fault))
    except Exception as fault:  # noqa: BLE001 - a bug in a reader must not stop the relay
        # The message of an unexpected fault could quote the conversation.
        _log.error("event=request_unread provider=%s fault=%s", provider, type(fault).__name__)
        return _unread(provider, body, "the reader failed")


def _unread(provider: str, body: bytes, why: str) -> Request:
    """SPEC §5.4."""
    block = Block(
        kind=Kind.OTHER,
        origin=Origin.CLIENT,
        media="application/octet-stream",
        content=without_credentials(body),
        attrs={"provider": provider, "ambiguous": why},
    )
    return Request(tools=(), system=(), messages=(block,), parameters=b"{}", ambiguous=why)
