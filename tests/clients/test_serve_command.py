"""`braid serve`: says where it listens, records, lets in whom it should, stops when told."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import anthropic
import pytest

from braid_clients.child import told_to_stop
from braid_server import service

Serving = Callable[..., contextlib.AbstractContextManager[tuple[str, list[str]]]]


@pytest.fixture
def serving(spawn: Any) -> Serving:
    """Run a server; gives its base URL and what it has said so far."""

    @contextlib.contextmanager
    def serve(
        *options: str, stop: signal.Signals = signal.SIGTERM, **environment: str
    ) -> Iterator[tuple[str, list[str]]]:
        process = spawn("serve", "--port", "0", *options, **environment)
        said: list[str] = []
        while not (said and "ANTHROPIC_BASE_URL" in said[-1]):
            line = process.stderr.readline().decode()
            assert line, said
            said.append(line.rstrip("\n"))
        url = re.search(r"http://\S+\d", said[-1])
        assert url is not None
        yield url[0], said
        process.send_signal(stop)
        out, err = process.communicate(timeout=60)
        said += err.decode().splitlines()
        assert (process.returncode, out) == (0, b""), said
        assert said[-1] == "braid: stopped"

    return serve


def ask(url: str, **headers: str) -> anthropic.types.Message:
    with anthropic.Anthropic(
        base_url=url,
        api_key="none",
        max_retries=0,
        default_headers=headers,
        http_client=anthropic.DefaultHttpxClient(trust_env=False),
    ) as client:
        return client.messages.create(
            model="m", max_tokens=9, messages=[{"role": "user", "content": "a question"}]
        )


def test_it_says_where_it_is_and_records_what_passes(
    home: Any, serving: Serving, provider: str
) -> None:
    with serving("--upstream-anthropic", provider) as (url, said):
        assert any(f"listening on {url}" in line for line in said)
        assert any(str(home.data / "braid.db") in line for line in said)
        assert all(line.startswith("braid: ") for line in said)
        assert "script" in ask(url).content[0].text  # type: ignore[union-attr]
        (line,) = home.braid("ls", "--url", url).stdout.splitlines()
    # Stopped, the store is read without it; and its root is trusted here.
    braid = line.split()[0]
    exported = home.braid("export", braid).stdout
    assert home.braid("verify", "-", stdin=exported.encode()).returncode == 0
    assert "words" not in "".join(said) and "a question" not in "".join(said)


def test_every_flag_has_its_variable(home: Any, serving: Serving, provider: str) -> None:
    keys = {"BRAID_ROOT_KEY": "k/root", "BRAID_WRAPPING_KEY": "k/wrap", "BRAID_DB": "k/x.db"}
    other = {"BRAID_UPSTREAM_ANTHROPIC": provider, "BRAID_HOST": "localhost"}
    tokens = {"BRAID_TOKEN": "ada=s-1, bob=s-2\tcarol=s-3"}
    variables: Any = {**keys, **other, **tokens}
    with serving(**variables) as (url, _):
        for secret in ("s-1", "s-2", "s-3"):
            ask(url, **{"x-braid-token": secret})
            assert len(home.braid("ls", "--url", url, "--token", secret).stdout.splitlines()) == 1
        with pytest.raises(anthropic.AuthenticationError):
            ask(url)
    assert sorted(path.name for path in (home.folder / "k").iterdir() if "." not in path.name) == [
        "root",
        "wrap",
    ]
    assert (home.folder / "k" / "x.db").exists() and not (home.data / "braid.db").exists()
    ran = home.braid("serve", BRAID_PORT="nonsense")
    assert ran.returncode == 2 and "nonsense" in ran.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_other_machines_are_not_let_in_without_tokens(home: Any, host: str) -> None:
    ran = home.braid("serve", "--host", host)
    assert ran.returncode == 2
    assert f"--host {host}: other machines could connect" in ran.stderr
    assert ran.stderr.splitlines()[1].endswith("--token NAME=SECRET")
    assert not home.data.exists()


def test_a_server_for_others_wants_its_tokens(home: Any, serving: Serving, provider: str) -> None:
    options = ("--host", "0.0.0.0", "--token", "ada=s-1", "--upstream-anthropic", provider)
    with serving(*options) as (url, said):
        local = url.replace("0.0.0.0", "127.0.0.1")
        ask(local, **{"x-braid-token": "s-1"})
        assert home.braid("ls", "--url", local).returncode == 2
    assert "s-1" not in "".join(said)


@pytest.mark.parametrize(
    "token", ["", "secret", "=secret", "name=", "a b=c", "name=s\u00e9cret", "n=s,n=t", "../x=s"]
)
def test_a_token_that_is_none_is_told_without_the_secret(home: Any, token: str) -> None:
    ran = home.braid("serve", "--token", token, "--db", "/nowhere/x.db")
    assert ran.returncode == 2
    assert "s\u00e9cret" not in ran.stderr and "secret" not in ran.stderr.replace("SECRET", "")


def test_what_stands_in_the_way_is_told(home: Any) -> None:
    home.braid("keys", "init")
    (home.folder / "file").write_text("words")
    taken = socket.create_server(("127.0.0.1", 0))
    port = str(taken.getsockname()[1])
    root = home.data / "root.key"
    loose = home.folder / "loose.key"
    loose.write_bytes(root.read_bytes())
    loose.chmod(0o640)
    try:
        for options, said in {
            ("--port", port): f"braid: port {port} is taken; --port 0 takes a free one\n",
            ("--upstream-anthropic", "nonsense"): (
                "braid: --upstream-anthropic: expected http://HOST or https://HOST, got 'nonsense'\n"
            ),
            ("--upstream-openai", "http://u:secret@"): "braid: --upstream-openai: expected http",
            ("--db", "mysql://x/y"): "store",
            ("--db", "file/x.db"): "file/x.db",
            ("--root-key", "file/x"): "file/x",
            ("--root-key", str(loose)): "0600",
            ("--root-key", str(home.data / "wrapping.key")): "braid-root-key/1",
            ("--wrapping-key", str(root)): "braid-wrapping-key/1",
            ("--log-key", str(root)): "braid-log-key/1",
            ("--log-key", "file/x"): "file/x",
            ("--log-origin", "two words"): "log origin: ",
            ("--log-witness", "nonsense"): "--log-witness: ",
        }.items():
            ran = home.braid("serve", *(() if "--port" in options else ("--port", "0")), *options)
            assert ran.returncode == 2 and not ran.stdout, options
            assert said in ran.stderr, (options, ran.stderr)
            assert all(line.startswith("braid: ") for line in ran.stderr.splitlines())
            # What was refused leaves nothing that a next start would take for a store.
            left = {path.name for path in home.data.iterdir()}
            assert left <= {"root.key", "wrapping.key", "braid.db.lock"}, options
    finally:
        taken.close()
    assert "secret" not in home.braid("serve", "--upstream-openai", "http://u:secret@").stderr
    secret = root.read_text().split()[1]
    assert secret not in ran.stderr
    (home.data / "root.key").write_text("braid-root-key/1 short\n")
    ran = home.braid("serve", "--port", "0")
    assert ran.returncode == 2 and "root.key" in ran.stderr and "short" not in ran.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_it_in_order(
    home: Any, serving: Serving, provider: str, number: signal.Signals
) -> None:
    with serving("--upstream-anthropic", provider, stop=number) as (url, _):
        ask(url)
    assert home.braid("seal", home.braid("ls").stdout.split()[0]).returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_it_serves_stops_it_too(
    tmp_path: Path, provider: str, number: signal.Signals
) -> None:
    """One that was raised out of wherever it came upon left threads that nobody stopped."""
    settings = service.Settings(
        str(tmp_path / "braid.db"),
        tmp_path / "root.key",
        tmp_path / "wrapping.key",
        provider,
        port=0,
        seal_after=timedelta(hours=1),
    )
    with told_to_stop() as stopped:
        service.serve(settings, lambda _url, _root: signal.raise_signal(number), stopped)
    assert signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler)


def test_what_rests_is_sealed(home: Any, serving: Serving, provider: str) -> None:
    with serving("--upstream-anthropic", provider, "--seal-after", "1s") as (url, _):
        ask(url)
        for _ in range(600):
            (line,) = home.braid("ls", "--url", url).stdout.splitlines()
            if "sealed" in line:
                break
        assert "sealed" in line


@pytest.mark.parametrize("time", ["", "0s", "5", "1.5h", "-1h", "1w", "100000d", "24h "])
def test_a_time_that_is_none_is_told(home: Any, time: str) -> None:
    ran = home.braid("serve", "--seal-after", time, "--db", "/nowhere/x.db")
    assert ran.returncode == 2 and "24h or 7d, or never" in ran.stderr


def test_two_servers_do_not_share_a_store(home: Any, serving: Serving) -> None:
    with serving() as (url, _):
        for port in ("0", url.rpartition(":")[2]):
            ran = home.braid("serve", "--port", port)
            assert ran.returncode == 2 and "in use by a running server" in ran.stderr


def test_a_folder_that_cannot_be_written_is_told(home: Any) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    home.folder.chmod(0o500)
    try:
        ran = home.braid("serve", "--port", "0")
    finally:
        home.folder.chmod(0o700)
    assert ran.returncode == 2 and "Permission denied" in ran.stderr
