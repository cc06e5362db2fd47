"""Who may come in, and what of it stays at the door."""

from __future__ import annotations

import pytest

from braid_server.gate import Gate, Refused
from braid_server.loopback import is_loopback
from fakes.anthropic import MESSAGE, json_answer
from fakes.relaying import relaying
from fakes.upstream import ScriptedUpstream

TOKENS = {"ada": "secret-a", "bob": "secret-b"}


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LocalHost:8420",
        "127.0.0.1",
        "127.0.0.1:1",
        "[::1]",
        "[::1]:8420",
        "127.8.8.8:80",
    ],
)
def test_loopback_hosts_come_in_as_local(host: str) -> None:
    headers = [(b"host", host.encode())]
    assert Gate().tenant_of_relay(headers) == "local"
    assert Gate().tenant_of_api(headers) == "local"


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "evil.example#localhost",
        "evil.example/localhost",
        "localhost/x",
        "localhost?x",
        "localhost:x",
        "localhost:99999",
        "192.168.0.1",
        "0.0.0.0",
        "[::1",
        "[::2]",
        "0x7f.1",
        "\u2025localhost",
    ],
)
def test_foreign_hosts_are_refused(host: str) -> None:
    for check in (Gate().tenant_of_relay, Gate().tenant_of_api):
        with pytest.raises(Refused) as refusal:
            check([(b"host", host.encode())])
        assert refusal.value.status == 403


@pytest.mark.parametrize("hosts", [[], ["localhost", "evil.example"], ["localhost", "localhost"]])
def test_one_host_is_expected(hosts: list[str]) -> None:
    with pytest.raises(Refused) as refusal:
        Gate().tenant_of_relay([(b"host", host.encode()) for host in hosts])
    assert refusal.value.status == 403


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        ("http://localhost:3000", True),
        ("https://127.0.0.1", True),
        ("http://[::1]:80", True),
        ("https://evil.example", False),
        ("null", False),
        ("", False),
        ("chrome-extension://localhost", False),
        ("http://localhost:3000/path", False),
        ("http://localhost@evil.example", False),
    ],
)
def test_foreign_origins_are_refused(origin: str, welcome: bool) -> None:
    headers = [(b"host", b"localhost"), (b"origin", origin.encode())]
    if welcome:
        assert Gate().tenant_of_relay(headers) == "local"
    else:
        with pytest.raises(Refused) as refusal:
            Gate().tenant_of_relay(headers)
        assert refusal.value.status == 403


@pytest.mark.parametrize(
    ("site", "welcome"),
    [("none", True), ("same-origin", True), ("same-site", True), ("cross-site", False)]
    + [(" Cross-Site ", False)],
)
def test_what_another_site_made_a_browser_send_is_refused(site: str, welcome: bool) -> None:
    headers = [(b"host", b"localhost"), (b"sec-fetch-site", site.encode())]
    for check in (Gate().tenant_of_relay, Gate().tenant_of_api):
        if welcome:
            assert check(headers) == "local"
        else:
            with pytest.raises(Refused, match="sec-fetch-site") as refusal:
                check(headers)
            assert refusal.value.status == 403
    token = [*headers, (b"x-braid-token", b"secret-a")]
    assert Gate(TOKENS).tenant_of_relay(token) == "ada"


@pytest.mark.parametrize(("token", "tenant"), [("secret-a", "ada"), ("secret-b", "bob")])
def test_tokens_name_their_tenant(token: str, tenant: str) -> None:
    gate = Gate(TOKENS)
    assert gate.tenant_of_relay([(b"x-braid-token", token.encode())]) == tenant
    assert gate.tenant_of_api([(b"authorization", f"Bearer {token}".encode())]) == tenant
    assert gate.tenant_of_api([(b"authorization", f"bEARER  {token} ".encode())]) == tenant


@pytest.mark.parametrize(
    "given",
    [[], [""], ["secret"], ["secret-a "], ["secret-\xe9"], ["secret-a", "secret-a"], ["ada"]],
)
def test_wrong_tokens_are_refused(given: list[str]) -> None:
    gate = Gate(TOKENS)
    values = [text.encode() for text in given]
    with pytest.raises(Refused) as refusal:
        gate.tenant_of_relay([(b"x-braid-token", value) for value in values])
    assert refusal.value.status == 401
    if given != ["secret-a "]:  # a bearer token cannot end in a space
        with pytest.raises(Refused) as refusal:
            gate.tenant_of_api([(b"authorization", b"Bearer " + value) for value in values])
        assert refusal.value.status == 401


def test_a_provider_s_key_is_no_token_and_a_token_no_key() -> None:
    gate = Gate(TOKENS)
    with pytest.raises(Refused):
        gate.tenant_of_relay([(b"authorization", b"Bearer secret-a")])
    with pytest.raises(Refused):
        gate.tenant_of_api([(b"x-braid-token", b"secret-a")])


def test_refusals_come_in_the_provider_s_shape_and_nothing_goes_upstream() -> None:
    with ScriptedUpstream([json_answer()]) as upstream:
        with relaying(upstream.url) as braid:
            foreign = braid.post(headers=[("host", "evil.example")])
            page = braid.post(headers=[("origin", "https://evil.example")], path="/v1/models")
        with relaying(upstream.url, TOKENS) as braid:
            nobody = braid.post(headers=[("host", "any.example")])
            somebody = braid.post(headers=[("x-braid-token", "secret-b"), ("host", "any.example")])
            opening = braid.recording.ended().opening
        assert len(upstream.requests) == 1
        assert upstream.request().values("x-braid-token") == []
    assert (foreign.status, page.status, nobody.status) == (403, 403, 401)
    assert b'"type":"permission_error"' in foreign.body
    assert b'"type":"authentication_error"' in nobody.body
    assert (somebody.body, opening.tenant) == (MESSAGE, "bob")


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True), ("LocalHost", True), ("127.0.0.1", True), ("127.9.9.9", True),
        ("::1", True), ("[::1]", True), ("0.0.0.0", False), ("::", False), ("", False),
        ("localhost.example", False), ("192.168.0.1", False), ("127.0.0.1.example", False),
    ],
)  # fmt: skip
def test_which_hosts_are_this_machine(host: str, here: bool) -> None:
    assert is_loopback(host) is here
