"""What must stay secret is nowhere: not in the store, not beside it, not in a log."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from braid_server.service import Settings, running
from fakes.client import RawClient
from fakes.provider import (
    Asked,
    Reply,
    event,
    providing,
    refuse,
    reply,
    text,
    thinking,
    tool_use,
)
from fakes.proxied import API_KEY, Proxied, proxied

TOKEN = "token-of-a-tenant-51c9"
OTHER_TOKEN = "token-of-another-tenant-77ab"
BEARER = "bearer-never-to-be-found-20e4"
COOKIE = "cookie-never-to-be-found-93d1"
QUERY_KEY = "query-key-never-to-be-found-0d7b"
SERVER_KEY = "key-of-a-tool-server-never-to-be-found-61b8"
SECRETS = (API_KEY, TOKEN, OTHER_TOKEN, BEARER, COOKIE, QUERY_KEY, SERVER_KEY)
WORDS = ("Zwetschgenknödel", "Quarkstrudel", "Palatschinken", "Kaiserschmarrn", "Topfenknoedel")

HEADERS = [
    ("content-type", "application/json"),
    ("x-api-key", API_KEY),
    ("authorization", f"Bearer {BEARER}"),
    ("proxy-authorization", f"Basic {BEARER}"),
    ("cookie", f"session={COOKIE}"),
]


def request(**more: Any) -> bytes:
    said = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": WORDS[0]}]}
    return json.dumps({**said, **more}, ensure_ascii=False).encode()


def answering(asked: Asked) -> Reply:
    """Every kind of answer in turn, all of them with a cookie."""
    answer = thinking(WORDS[1]), text(WORDS[2]), tool_use("bake", {"what": WORDS[3]})
    match asked.number:
        case 2:
            said = refuse(401, "authentication_error", f"No {WORDS[2]} for this key.")
        case 3:
            error = {"type": "error", "error": {"type": "api_error", "message": WORDS[4]}}
            begun = reply(asked, *answer)
            head = begun.body.partition(b"event: content_block_stop")[0]
            said = Reply(head + event(error), headers=begun.headers)
        case 4:
            said = Reply(f'{{"type": "message", "content": {WORDS[2]}'.encode())
        case 5:
            begun = reply(asked, *answer)
            said = Reply(b"not gzip: " + begun.body, headers={"content-encoding": "gzip"})
        case _:
            said = reply(asked, *answer)
    return Reply(said.body, said.status, {**said.headers, "set-cookie": f"session={COOKIE}"})


def speak(braid: Proxied) -> None:
    """Send what can be sent, sound and broken."""
    stream = request(stream=True)
    history = [
        {"role": "user", "content": WORDS[0]},
        {"role": "assistant", "content": [text(WORDS[2])]},
        {"role": "user", "content": WORDS[4]},
    ]
    sent = [
        ("/v1/messages", request()),
        ("/v1/messages", stream),
        ("/v1/messages", request()),
        ("/v1/messages", stream),
        ("/v1/messages", request()),
        ("/v1/messages", request()),
        (f"/v1/messages?beta=true&api_key={QUERY_KEY}&key={QUERY_KEY}", request()),
        ("/v1/messages", request(messages=history)),
        ("/v1/messages", b'{"model": "m", "model": "' + WORDS[0].encode() + b'"}'),
        ("/v1/messages", b"\xff\xfe" + WORDS[0].encode()),
        ("/v1/messages", request(messages={"role": WORDS[0]})),
        ("/v1/messages", request(system=WORDS[1], tools=[{"name": WORDS[2]}])),
        ("/v1/messages/count_tokens", request()),
        (f"/v1/files?key={QUERY_KEY}", WORDS[1].encode()),
        ("/nowhere", b""),
    ]
    for path, body in sent:
        with RawClient(braid.port) as client:
            client.post(path, body, [*HEADERS, ("x-braid-token", TOKEN)])
            assert client.answer().clean, path
    server = {"type": "url", "name": "s", "authorization_token": SERVER_KEY}
    server["url"] = f"https://me:{SERVER_KEY}@tools.example/?key={SERVER_KEY}"
    tools = request(mcp_servers=[{**server, "headers": {"cookie": SERVER_KEY}}])
    # Under a coding that nobody can undo, a key in a URL's query cannot be told from an image's.
    coded = tools.replace(f"?key={SERVER_KEY}".encode(), b"")
    for body, coding in ((tools, "identity"), (coded, "lz4")):
        with RawClient(braid.port) as client:
            headers = [*HEADERS, ("x-braid-token", TOKEN), ("content-encoding", coding)]
            client.post("/v1/messages", body, headers)
            assert client.answer().status == 200
    for token in ("", "wrong", OTHER_TOKEN[:-1]):
        with RawClient(braid.port) as client:
            client.post("/v1/messages", request(), [*HEADERS, ("x-braid-token", token)])
            assert client.answer().status == 401
    with RawClient(braid.port) as client:
        client.post("/v1/messages", stream, [*HEADERS, ("x-braid-token", OTHER_TOKEN)])
        client.read_until(b"message_start")
        client.vanish()


def test_secrets_are_nowhere_and_words_not_in_logs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    tokens = {"kitchen": TOKEN, "cellar": OTHER_TOKEN}
    with proxied(answering, tmp_path, tokens) as braid:
        speak(braid)
        stories = braid.stories()
        transcripts = [braid.get(f"/braid/v1/braids/{story.braid}") for story in stories]
        for asked in braid.provider.asked:
            # The provider needs its own; nobody upstream needs ours.
            assert asked.headers["x-api-key"] == API_KEY
            assert asked.headers["authorization"] == f"Bearer {BEARER}"
            assert "x-braid-token" not in asked.headers
            assert TOKEN not in str(asked)
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {path.name for path in files} >= {"braid.db", "root.key", "wrapping.key"}
    kept = [*files.values(), *transcripts]
    for secret in SECRETS:
        for spelled in spellings(secret):
            assert not [path.name for path, data in files.items() if spelled in data]
            assert not [data for data in transcripts if spelled in data]
    assert any(WORDS[0].encode() in data for data in kept)  # this looked in the right place
    logged = "\n".join([caplog.text, *map(repr, caplog.records), *capfd.readouterr()])
    assert "event=call_ended" in logged
    for word in (*WORDS, *SECRETS):
        for plain in (word, word.encode("unicode_escape").decode()):
            assert plain not in logged
    for record in caplog.records:
        assert record.exc_info is None


def spellings(secret: str) -> list[bytes]:
    """A secret as it is, and inside of base64 at any offset."""
    raw = secret.encode()
    shifted = [base64.b64encode(b"\0" * shift + raw)[4:-4] for shift in range(3)]
    return [raw, *shifted, raw.hex().encode()]


def test_a_password_in_the_upstreams_address_is_sent_and_not_recorded(tmp_path: Path) -> None:
    with providing(lambda asked: reply(asked, text("Yes."))) as provider:
        address = provider.url.replace("http://", "http://operator:password-1f2e@")
        settings = Settings(
            str(tmp_path / "braid.db"),
            tmp_path / "root.key",
            tmp_path / "wrapping.key",
            upstream_anthropic=address,
            port=0,
        )
        with running(settings) as url:
            braid = Proxied(url, provider, tmp_path)
            with RawClient(braid.port) as client:
                client.post("/v1/messages", request())
                assert client.answer().status == 200
            (call,) = braid.story().calls
        (asked,) = provider.asked
    sent = base64.b64encode(b"operator:password-1f2e").decode()
    assert asked.headers["authorization"] == f"Basic {sent}"
    assert call.node.value["upstream"] == provider.url
    for path in tmp_path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"password-1f2e" not in data
            assert sent.encode() not in data
