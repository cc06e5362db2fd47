"""The table of providers: whose a request is, which are recorded, and what a refusal looks like."""

from __future__ import annotations

import json

import pytest

from braid_server.provider import Provider, route
from braid_server.providers import TABLE, Row, anthropic, gemini, openai
from fakes.relaying import relaying
from fakes.upstream import ScriptedUpstream

ROWS = [row.make(row.home.url) for row in TABLE]


def owner(path: str, query: bytes = b"", *names: bytes) -> tuple[str, str]:
    provider, rest = route(ROWS, path, query, [(name, b"x") for name in names])
    return provider.name, rest


@pytest.mark.parametrize("name", ["anthropic", "openai", "gemini"])
def test_a_mount_decides_whatever_else_a_request_says(name: str) -> None:
    assert owner(f"/{name}/v1/models", b"key=k", b"anthropic-version") == (name, "/v1/models")
    assert owner(f"/{name}", b"", b"x-api-key") == (name, "/")
    assert owner(f"/{name}x/v1/messages")[0] == "anthropic"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/messages", "anthropic"),
        ("/v1/messages/batches/b/results", "anthropic"),
        ("/api/hello", "anthropic"),
        ("/v1/chat/completions", "openai"),
        ("/chat/completions", "openai"),
        ("/v1/responses/resp_1", "openai"),
        ("/v1/conversations/conv_1/items", "openai"),
        ("/v1/embeddings", "openai"),
        ("/v1/vector_stores", "openai"),
        ("/v1/models/gemini-x:generateContent", "gemini"),
        ("/v1beta/models/gemini-x:streamGenerateContent", "gemini"),
        ("/v1alpha/tunedModels/x:generateContent", "gemini"),
        ("/v1beta1/projects/p/locations/l/publishers/google/models/m:generateContent", "gemini"),
        ("/v1beta/models", "gemini"),
        ("/v1beta/openai/chat/completions", "gemini"),
        ("/v1/interactions", "gemini"),
        ("/upload/v1beta/files", "gemini"),
        ("/upload/v1/files", "gemini"),
        ("/v1/cachedContents", "gemini"),
    ],
)
def test_a_path_that_one_provider_has_is_its_own(path: str, name: str) -> None:
    assert owner(path, b"", b"authorization") == (name, path)
    assert owner(path, b"", b"x-api-key", b"x-goog-api-key") == (name, path)


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/x", "/v1/files", "/v1/batches", "/x"])
@pytest.mark.parametrize(
    ("query", "names", "name"),
    [
        (b"", [b"anthropic-version", b"authorization"], "anthropic"),
        (b"", [b"x-api-key"], "anthropic"),
        (b"", [b"authorization"], "openai"),
        (b"limit=1", [b"authorization", b"openai-project"], "openai"),
        (b"", [b"x-goog-api-key"], "gemini"),
        (b"pageSize=5&key=SECRET", [], "gemini"),
        (b"", [b"authorization", b"x-goog-user-project"], "gemini"),
        (b"monkey=1", [], "anthropic"),
    ],
)
def test_a_key_never_goes_to_another_company_over_a_shared_path(
    path: str, query: bytes, names: list[bytes], name: str
) -> None:
    assert owner(path, query, *names) == (name, path)


RECORDED = [
    (anthropic(), "POST", "/v1/messages"),
    (anthropic(), "POST", "/v1/chat/completions"),
    (openai(), "POST", "/v1/chat/completions"),
    (openai(), "POST", "/chat/completions"),
    (openai(), "POST", "/api/v1/chat/completions"),
    (openai(), "POST", "/deployments/d/chat/completions"),
    (openai(), "POST", "/v1/messages"),
    (openai(), "POST", "/api/v1/messages"),
    (openai(), "POST", "/v1/responses"),
    (openai(), "POST", "/v1/responses/compact"),
    (openai(), "GET", "/v1/responses/resp_1"),
    (openai(), "POST", "/v1/responses/resp_1/cancel"),
    (gemini(), "POST", "/v1/models/g:generateContent"),
    (gemini(), "POST", "/v1beta/models/g:streamGenerateContent"),
    (gemini(), "POST", "/v1beta/openai/chat/completions"),
    (gemini(), "POST", "/v1beta1/projects/p/locations/l/endpoints/e:generateContent"),
    (gemini(), "POST", "/v1beta/interactions"),
    (gemini(), "GET", "/v1beta/interactions/i"),
    (gemini(), "POST", "/v1beta/interactions/i/cancel"),
]
PASSED = [
    (openai(), "POST", "/v1/completions"),
    (openai(), "GET", "/v1/chat/completions"),
    (openai(), "GET", "/v1/chat/completions/c"),
    (openai(), "DELETE", "/v1/responses/resp_1"),
    (openai(), "GET", "/v1/responses/resp_1/input_items"),
    (openai(), "POST", "/v1/responses/input_tokens"),
    (openai(), "POST", "/v1/threads/t/messages"),
    (gemini(), "POST", "/v1beta/models/g:countTokens"),
    (gemini(), "POST", "/v1beta/models/g:embedContent"),
    (gemini(), "GET", "/v1beta/models/g"),
    (gemini(), "DELETE", "/v1beta/interactions/i"),
]


@pytest.mark.parametrize(("provider", "method", "path"), RECORDED)
def test_generation_calls_are_recorded_however_their_path_is_spelled(
    provider: Provider, method: str, path: str
) -> None:
    first = path[1]
    for spelled in (path, f"{path}/", f"/{path}", path.replace(first, f"%{ord(first):02x}", 1)):
        assert provider.format_of(method, spelled), spelled
    for lenient in (path.upper(), f"{path};x", path.replace("/", "\\"), f"{path}%00"):
        assert not provider.format_of(method, lenient)
        assert provider.is_ambiguous(method, lenient), lenient


@pytest.mark.parametrize(("provider", "method", "path"), PASSED)
def test_other_calls_are_not(provider: Provider, method: str, path: str) -> None:
    assert provider.format_of(method, path) is None
    assert not provider.is_ambiguous(method, path)


REFUSALS = {
    "anthropic": {"type": "error", "error": {"type": "invalid_request_error"}},
    "openai": {"error": {"type": "invalid_request_error", "param": None, "code": None}},
    "gemini": {"error": {"code": 400, "status": "INVALID_ARGUMENT"}},
}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.home.name)
def test_a_refusal_has_the_shape_that_the_sdk_of_its_provider_reads(row: Row) -> None:
    make, home = row.make, row.home
    with ScriptedUpstream([b""]) as upstream, relaying(make(upstream.url)) as braid:
        answered = braid.post(b"{}", "/v1/./messages")
        assert not upstream.requests
    assert answered.status == 400
    said = json.loads(answered.body)
    assert "braid: " in said["error"].pop("message")
    assert said == REFUSALS[home.name]
    for status in (401, 403, 404, 405, 413, 426, 431, 502, 503):
        assert json.loads(make(upstream.url).error(status, "é\n"))["error"]["message"] == "é\n"


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.home.name)
def test_a_websocket_is_answered_426_at_once(row: Row) -> None:
    upgrade = [("connection", "Upgrade"), ("upgrade", "websocket")]
    with (
        ScriptedUpstream([b""]) as upstream,
        relaying(row.make(upstream.url)) as braid,
        braid.client() as client,
    ):
        client.request("GET", "/v1/responses", upgrade)
        answered = client.answer()
        assert not upstream.requests
    assert answered.status == 426
    assert "error" in json.loads(answered.body)
