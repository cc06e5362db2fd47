"""`braid log show`: what a store has logged, for people and as JSON."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from braid.checkpoint import cosign
from braid.note import NoteSigner, SignatureType
from braid_clients.log_source import LogSource
from braid_server.service import Settings, running
from fakes.desk import write_keys
from fakes.logs import entries_in, grow, key_in
from format import rfc6962

WITNESS = NoteSigner("witness.example/one", bytes([7]) * 32, SignatureType.COSIGNATURE)


def test_a_log_is_shown_and_its_json_is_as_documented(home: Any, tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    grow(store, 1)
    db = store / "braid.db"
    write_keys(store)
    settings = Settings(
        str(db),
        store / "root.key",
        store / "wrapping.key",
        port=0,
        log_witnesses=(WITNESS.public.text,),
    )
    with running(settings) as url:
        source = LogSource(url)
        signed = source.checkpoint()
        source.post(signed.with_signatures(cosign(WITNESS, signed.checkpoint, 1_770_000_000)))
    grow(store, 1)
    entries = entries_in(db)
    root = base64.b64encode(rfc6962.head(entries)).decode()
    ran = home.braid("log", "show", "--db", db, "--json")
    assert ran.returncode == 0 and not ran.stderr
    (shown,) = json.loads(ran.stdout)["logs"]
    assert shown.pop("begun").endswith("Z")
    assert shown == {
        "log": key_in(db),
        "frozen": False,
        "size": 4,
        "kinds": {"certificate": 2, "seal": 2},
        "root": root,
        "cosigned_size": 2,
        "witnesses": [WITNESS.public.name],
    }
    text = home.braid("log", "show", "--db", db).stdout
    assert text.splitlines()[0] == key_in(db)
    for said in ("4 entries: 2 certificate, 2 seal", f"root hash {root}", "cosigned at 2 by "):
        assert said in text


def test_a_store_that_is_not_there_is_told(home: Any) -> None:
    for options in ((), ("--json",)):
        ran = home.braid("log", "show", *options)
        assert ran.returncode == 2 and not ran.stdout and "there is no store yet" in ran.stderr
        ran = home.braid("log", "show", *options, "--db", home.folder)
        assert ran.returncode == 2 and not ran.stdout and str(home.folder) in ran.stderr
