"""The log over HTTP, for whoever asks: as C2SP tlog-tiles has it (docs/log.md).

Annotations are evaluated here, as in `app`.
"""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from braid.note import MAX_NOTE
from braid_server.log_face import CosignatureRefused, LogFace, NoLog
from braid_server.log_paths import CHECKPOINT, COSIGNATURES, KEY, LOG_PATH

_NEWEST = {"cache-control": "no-cache"}
_FOREVER = {"cache-control": "public, max-age=31536000, immutable"}
_TEXT = "text/plain; charset=utf-8"


def add_log(app: FastAPI, log: LogFace) -> None:
    """Serve a log below /braid/log; reading it needs no token, and says no word of a conversation."""

    @app.get(f"{LOG_PATH}/{CHECKPOINT}")
    def checkpoint() -> Response:
        return Response(log.checkpoint(), media_type=_TEXT, headers=_NEWEST)

    @app.get(f"{LOG_PATH}/{KEY}")
    def key() -> Response:
        return Response(log.key(), media_type=_TEXT, headers=_NEWEST)

    @app.get(f"{LOG_PATH}/tile/{{rest:path}}")
    def tile(rest: str) -> Response:
        found = log.tile(f"tile/{rest}")
        return Response(found, media_type="application/octet-stream", headers=_FOREVER)

    @app.post(f"{LOG_PATH}/{COSIGNATURES}")
    async def cosignatures(request: Request) -> Response:
        raw = b""
        async for piece in request.stream():
            raw += piece
            if len(raw) > MAX_NOTE:
                return _error(413, "too_large", f"body: more than {MAX_NOTE} bytes")
        taken = await log.take(raw)
        return JSONResponse(
            {"origin": taken.origin, "size": taken.size, "witnesses": list(taken.witnesses)}
        )

    def missing(_request: Request, fault: Exception) -> JSONResponse:
        return _error(404, "not_in_log", str(fault))

    def refused(_request: Request, fault: Exception) -> JSONResponse:
        forked = isinstance(fault, CosignatureRefused) and fault.forked
        return _error(409 if forked else 403, "forked" if forked else "refused", str(fault))

    app.add_exception_handler(NoLog, missing)
    app.add_exception_handler(CosignatureRefused, refused)


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status)
