"""The control API as a FastAPI application (docs/api.md).

Annotations are evaluated here: FastAPI reads them, and they name what `build_api` made.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Body, Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from braid.revocation import Subject
from braid.transcript import Layout
from braid_server.api.log import add_log
from braid_server.api.page import verify_page
from braid_server.gate import Gate, Refused
from braid_server.keyring import Keyring, KeyUnavailable
from braid_server.library import MAX_PAGE, PAGE, Library, NoSuchBraid, NoSuchNode
from braid_server.log_face import LogFace
from braid_server.sealing import StillOpen
from braid_server.store import StoreUnavailable
from braid_verifier import HistoryCheck, Wire, check_history

JSON_LINES = "application/jsonl"
_JSON_LINES_TOO = "application/x-ndjson"
_PIECE = 64 * 1024
_STATUS: dict[type[Exception], tuple[int, str]] = {
    NoSuchBraid: (404, "no_such_braid"),
    NoSuchNode: (422, "invalid"),
    StillOpen: (409, "calls_open"),
    KeyUnavailable: (409, "key_unavailable"),
    StoreUnavailable: (503, "store_unavailable"),
}
_SEAL_WAIT = 10.0
MAX_REASON = 2000  # characters
# Of a transcript and a request together.
MAX_BODY = 256 * 1024 * 1024


def build_api(
    library: Library, gate: Gate, keyring: Keyring, ready: Callable[[], bool], log: LogFace
) -> FastAPI:
    """Build the API. Of the keyring only what is public is told; `ready`: recording works now."""
    root = keyring.root

    def admit(request: Request) -> None:
        gate.admit(request.scope["headers"])

    app = FastAPI(
        title="Braid",
        openapi_url="/braid/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(admit)],
    )

    def tenant_of(request: Request) -> str:
        return gate.tenant_of_api(request.scope["headers"])

    Tenant = Annotated[str, Depends(tenant_of)]

    @app.get("/braid/v1/braids")
    def list_braids(
        tenant: Tenant,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = PAGE,
        after: str | None = None,
        prefix: str = "",
    ) -> Response:
        page = library.braids(tenant, prefix=prefix, after=after, limit=limit)
        return _json(page)

    @app.get("/braid/v1/braids/{braid}")
    def read_transcript(tenant: Tenant, request: Request, braid: str) -> Response:
        accept = request.headers.get("accept", "")
        lines = JSON_LINES in accept or _JSON_LINES_TOO in accept
        layout = Layout.LINES if lines else Layout.JSON
        pieces = _gathered(library.transcript(braid, tenant, layout=layout))
        return StreamingResponse(pieces, media_type=JSON_LINES if lines else "application/json")

    @app.post("/braid/v1/braids/{braid}/seal")
    async def seal(
        tenant: Tenant,
        braid: str,
        wait: Annotated[float, Query(ge=0, le=3600)] = _SEAL_WAIT,
        interrupt: bool = False,
    ) -> Response:
        return _json(await library.seal(braid, tenant, wait=wait, interrupt=interrupt))

    @app.post("/braid/v1/braids/{braid}/erase")
    async def erase(
        tenant: Tenant,
        braid: str,
        nodes: Annotated[list[int], Body(embed=True)],
        reason: Annotated[str | None, Body(max_length=MAX_REASON)] = None,
        wait: Annotated[float, Query(ge=0, le=3600)] = _SEAL_WAIT,
    ) -> Response:
        return _json(await library.erase(braid, nodes, tenant, reason=reason, wait=wait))

    @app.post("/braid/v1/check-history")
    async def check(tenant: Tenant, request: Request) -> Response:
        try:
            asked = msgspec.json.decode(await _whole(request), type=_Check)
        except (msgspec.DecodeError, UnicodeError) as fault:
            return _error(422, "invalid", f"body: {fault}".lower())
        found = await asyncio.to_thread(
            check_history,
            _raw(asked.transcript),
            _raw(asked.request),
            asked.wire,
            (root,),
            statements=(keyring.revoked.told,),
            policy=asked.policy,
        )
        return _json(_told(found))

    @app.get("/.well-known/braid-keys")
    def keys() -> Response:
        key = {"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": root, "x": root}
        return _json({"keys": [] if keyring.revoked.holds(root, Subject.ROOT) else [key]})

    @app.get("/.well-known/braid-statements")
    def statements() -> Response:
        return Response(keyring.revoked.told, media_type=JSON_LINES)

    page, page_headers = verify_page()

    @app.get("/braid/verify")
    def verify() -> Response:
        return Response(page, headers=page_headers)

    @app.get("/healthz")
    def health() -> Response:
        return _json({"status": "ok"})

    @app.get("/readyz")
    async def readiness() -> Response:
        if await asyncio.to_thread(ready):
            return _json({"status": "ready"})
        return _error(503, "store_unavailable", "the store cannot be written")

    add_log(app, log)
    for kind, (status, code) in _STATUS.items():
        app.add_exception_handler(kind, _handler(status, code))
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _handler(500, "internal", "this server failed"))
    return app


class _Check(msgspec.Struct, forbid_unknown_fields=True):
    """A transcript and a request's body: each as JSON, or as a string that holds it."""

    wire: Wire
    transcript: msgspec.Raw
    request: msgspec.Raw
    policy: Literal["reject", "strict"] = "reject"


async def _whole(request: Request) -> bytes:
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > MAX_BODY:
            raise HTTPException(413, "the body is too large")
        pieces.append(piece)
    return b"".join(pieces)


def _raw(value: msgspec.Raw) -> bytes:
    """Give the bytes that are meant: those in a string, or the JSON as it stands."""
    raw = bytes(value)
    return msgspec.json.decode(raw, type=str).encode() if raw.startswith(b'"') else raw


def _told(found: HistoryCheck) -> dict[str, object]:
    return {
        "genuine": found.genuine,
        "transcript": found.report.result,
        "call": found.call,
        "blocks": found.blocks,
        "findings": found.findings,
    }


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces: each piece costs a trip to another thread."""
    some: list[bytes] = []
    size = 0
    for piece in pieces:
        some.append(piece)
        size += len(piece)
        if size >= _PIECE:
            yield b"".join(some)
            some, size = [], 0
    yield b"".join(some)


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status)


def _handler(
    status: int, code: str, message: str | None = None
) -> Callable[[Request, Exception], JSONResponse]:
    def handle(_request: Request, fault: Exception) -> JSONResponse:
        return _error(status, code, str(fault) if message is None else message)

    return handle


def _refused(_request: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, Refused)
    return _error(fault.status, "refused", str(fault))


def _http_error(_request: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, HTTPException)
    answer = _error(fault.status_code, "http", str(fault.detail).lower())
    answer.headers.update(fault.headers or {})
    return answer


def _invalid(_request: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, RequestValidationError)
    first: dict[str, Any] = fault.errors()[0]
    place = ".".join(str(step) for step in first["loc"])
    return _error(422, "invalid", f"{place}: {first['msg']}".lower())
