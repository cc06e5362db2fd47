"""The way to the upstream: proxies and certificates of the environment, and nothing else of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from braid_server.upstream import UpstreamUnusable, proxy_for
from fakes.anthropic import MESSAGE, STREAM, STREAM_HEAD, json_answer
from fakes.relaying import relaying
from fakes.tls import certify, tunnelling
from fakes.upstream import ScriptedUpstream, chunked


def test_http_upstream_is_reached_through_the_proxy_of_the_environment() -> None:
    with ScriptedUpstream([json_answer()]) as proxy:
        address = proxy.url.replace("://", "://us:pw@")
        with relaying("http://upstream.invalid:81/p", environment={"HTTP_PROXY": address}) as braid:
            assert braid.post(path="/v1/messages?a=%2F").body == MESSAGE
            assert braid.post(headers=[("proxy-authorization", "mine")]).body == MESSAGE
        received, again = proxy.request(0), proxy.request(1)
    assert received.line == "POST http://upstream.invalid:81/p/v1/messages?a=%2F HTTP/1.1"
    assert received.values("host") == ["upstream.invalid:81"]
    assert received.values("proxy-authorization") == ["Basic dXM6cHc="]
    assert again.values("proxy-authorization") == ["Basic dXM6cHc="]


def test_https_upstream_is_reached_through_a_tunnel() -> None:
    with ScriptedUpstream([b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n"]) as proxy:
        environment = {"HTTPS_PROXY": proxy.url}
        with relaying("https://upstream.invalid", environment=environment) as braid:
            answered = braid.post()
            call = braid.recording.ended()
        assert proxy.request().line == "CONNECT upstream.invalid:443 HTTP/1.1"
    assert (answered.status, call.ending.outcome) == (502, "not_sent")
    assert f"the proxy 127.0.0.1:{proxy.port}: status 407 to CONNECT".encode() in answered.body


@pytest.mark.parametrize("name", ["127.0.0.1", "*"])
def test_no_proxy_is_honoured(name: str) -> None:
    environment = {"HTTP_PROXY": "http://127.0.0.1:1", "NO_PROXY": name}
    with (
        ScriptedUpstream([json_answer()]) as upstream,
        relaying(upstream.url, environment=environment) as braid,
    ):
        assert braid.post().body == MESSAGE


def test_proxy_that_is_down_means_not_sent() -> None:
    environment = {"HTTP_PROXY": "http://user:SECRET@127.0.0.1:1"}
    with relaying("http://upstream.invalid", environment=environment) as braid:
        answered = braid.post()
        assert answered.status == 502 and b"SECRET" not in answered.body
        assert b"reached: the proxy 127.0.0.1:1: connection refused" in answered.body
        assert braid.recording.ended().ending.outcome == "not_sent"


def test_proxy_is_looked_up_by_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    assert proxy_for("https://a.example") is None
    monkeypatch.setenv("ALL_PROXY", "all.example:1")
    assert proxy_for("https://a.example") == "http://all.example:1"
    monkeypatch.setenv("HTTPS_PROXY", "http://https.example:2")
    assert proxy_for("https://a.example") == "http://https.example:2"
    assert proxy_for("http://a.example") == "http://all.example:1"
    monkeypatch.setenv("NO_PROXY", ".example")
    assert proxy_for("http://a.example:8080") is None
    monkeypatch.setenv("NO_PROXY", "a.example:9")
    assert proxy_for("http://a.example:8") is not None
    assert proxy_for("http://a.example:9") is None
    monkeypatch.setenv("HTTPS_PROXY", "socks5://s.example")
    with pytest.raises(UpstreamUnusable, match="HTTPS_PROXY: expected .* got socks5"):
        proxy_for("https://b.other")
    monkeypatch.setenv("ALL_PROXY", "socks5h://me:SECRET@s.example")
    with pytest.raises(UpstreamUnusable, match="ALL_PROXY: .* got socks5h$"):
        proxy_for("http://b.other")


def test_netrc_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password SECRET\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        braid.post()
        assert upstream.request().values("authorization") == []


def test_certificates_come_from_ssl_cert_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certified = certify("localhost", tmp_path)
    with ScriptedUpstream([json_answer()], tls=certified.context) as upstream:
        address = f"https://localhost:{upstream.port}"
        with relaying(address) as braid:
            answered = braid.post()
            assert answered.status == 502
            assert (
                f"localhost:{upstream.port}: TLS: self-signed certificate".encode() in answered.body
            )
            assert braid.recording.ended().ending.outcome == "not_sent"
        with relaying(address.replace("https", "http").replace("localhost", "127.0.0.1")) as braid:
            assert b"the upstream sent no answer: 127.0.0.1" in braid.post().body
        monkeypatch.setenv("SSL_CERT_FILE", str(certified.file))
        with relaying(address) as braid:
            assert braid.post().body == MESSAGE
        assert len(upstream.requests) == 1


def test_https_upstream_is_spoken_to_through_the_tunnel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certified = certify("upstream.invalid", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certified.file))
    with (
        ScriptedUpstream([STREAM_HEAD + chunked(STREAM)], tls=certified.context) as upstream,
        tunnelling(upstream.port) as tunnel,
    ):
        environment = {"HTTPS_PROXY": tunnel.url}
        with relaying("https://upstream.invalid", environment=environment) as braid:
            assert braid.post(headers=[("x-api-key", "k")]).body == STREAM
        (head,) = tunnel.heads
        assert head.startswith(b"CONNECT upstream.invalid:443 HTTP/1.1\r\n")
        assert b"x-api-key" not in head.lower()
        assert upstream.request().line == "POST /v1/messages HTTP/1.1"
        assert upstream.request().values("host") == ["upstream.invalid"]
