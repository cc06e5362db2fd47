"""Starting a service: what it makes on first use, and what it refuses to start on."""

from __future__ import annotations

import logging
import os
import socket
from pathlib import Path

import pytest

from braid.encoding import encode
from braid.signing import SecretKey
from braid_server import keyfiles
from braid_server.service import Misconfigured, Settings, opened, running
from braid_server.store import StoreBusy
from fakes.anthropic import json_answer
from fakes.client import RawClient
from fakes.upstream import ScriptedUpstream

HELLO = b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hello"}]}'


def settings_in(folder: Path, **more: object) -> Settings:
    fields = {
        "db": str(folder / "braid.db"),
        "root_key": folder / "root.key",
        "wrapping_key": folder / "wrapping.key",
        "port": 0,
    }
    return Settings(**{**fields, **more})  # type: ignore[arg-type]


def call(url: str) -> int:
    with RawClient(int(url.rpartition(":")[2])) as client:
        client.post("/v1/messages", HELLO, [])
        return client.answer().status


@pytest.fixture
def used(tmp_path: Path) -> Settings:
    """The settings of a store that holds a braid."""
    with ScriptedUpstream([json_answer()]) as upstream:
        settings = settings_in(tmp_path, upstream_anthropic=upstream.url)
        with running(settings) as url:
            assert call(url) == 200
    return settings


def root_in(path: Path) -> str:
    return encode(SecretKey(keyfiles.load(path, keyfiles.ROOT_LABEL)).key)


def test_keys_are_made_while_the_store_holds_no_braid(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    for path in (settings.root_key, settings.wrapping_key):
        with opened(settings):
            assert path.exists()
        path.unlink()
    with opened(settings) as service:
        assert service.root == root_in(settings.root_key)


def test_a_lost_root_key_is_not_replaced(used: Settings) -> None:
    root = root_in(used.root_key)
    used.root_key.rename(used.root_key.with_name("moved.key"))
    with pytest.raises(keyfiles.KeyFileUnusable) as raised, opened(used):
        pass
    assert str(raised.value) == (
        f"root key {used.root_key} is not there, and this store was signed under {root}; "
        "name its file with --root-key"
    )
    assert not used.root_key.exists()


def test_a_lost_wrapping_key_is_not_replaced(used: Settings) -> None:
    used.wrapping_key.unlink()
    with (
        pytest.raises(keyfiles.KeyFileUnusable, match="name its file with --wrapping-key"),
        running(used),
    ):
        pass
    assert not used.wrapping_key.exists()


def test_another_root_key_is_taken_and_said(
    used: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    root = root_in(used.root_key)
    with opened(used):
        pass
    assert "root_differs" not in caplog.text
    used.root_key.unlink()
    keyfiles.create(used.root_key, keyfiles.ROOT_LABEL)
    with opened(used) as service:
        assert service.root != root
    (said,) = [one for one in caplog.records if "root_differs" in one.getMessage()]
    assert said.levelno == logging.WARNING
    assert f"root={service.root} newest_braid_root={root}" in said.getMessage()


def test_who_is_refused_makes_no_keys(tmp_path: Path) -> None:
    with opened(settings_in(tmp_path)):
        other = settings_in(tmp_path, root_key=tmp_path / "r", wrapping_key=tmp_path / "w")
        with pytest.raises(StoreBusy), opened(other):
            pass
    with socket.create_server(("127.0.0.1", 0)) as taken:
        other = settings_in(
            tmp_path,
            root_key=tmp_path / "r",
            wrapping_key=tmp_path / "w",
            port=taken.getsockname()[1],
        )
        with pytest.raises(Misconfigured) as raised, running(other):
            pass
    assert str(raised.value) == f"port {other.port} is taken; --port 0 takes a free one"
    assert not {"r", "w"} & set(os.listdir(tmp_path))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "127.1.2.3", "0.0.0.0"])
@pytest.mark.parametrize("bound", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_a_server_is_not_its_own_upstream(tmp_path: Path, host: str, bound: str) -> None:
    port = free_port()
    for path in ("", "/anthropic"):
        settings = settings_in(
            tmp_path,
            upstream_anthropic=f"http://{host}:{port}{path}",
            host=bound,
            port=port,
            tokens={"ada": "s-1"},
        )
        with pytest.raises(Misconfigured, match="is this server itself"), running(settings):
            pass
    assert not settings.root_key.exists()


def test_another_server_on_this_machine_may_be_the_upstream(tmp_path: Path) -> None:
    with ScriptedUpstream([json_answer()]) as upstream:
        outer = settings_in(tmp_path / "outer", upstream_anthropic=upstream.url)
        with running(outer) as url:
            inner = settings_in(tmp_path / "inner", upstream_anthropic=url)
            with running(inner) as nearer:
                assert call(nearer) == 200
        assert len(upstream.requests) == 1


def test_who_has_a_store_is_told_to_the_next(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with running(settings) as url, pytest.raises(StoreBusy) as raised, opened(settings):
        pass
    assert str(raised.value) == (
        f"store: {settings.db} is in use by a running server ({url}); use another --db"
    )
