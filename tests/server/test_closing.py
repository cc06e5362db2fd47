"""Closures: a restored service ends what it must not go on with (SPEC §11.7)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from braid_server.keyring import KeyUnavailable
from braid_server.service import Settings, opened
from braid_verifier import Policy, verify
from braid_verifier.policy import ClaimName
from fakes.desk import ROOT, WRAPPING, Clock, Desk, ask, write_keys

LOST = b"another wrapping key, 32 bytes!!"


def answers(desk: Desk, braid: str) -> tuple[str, str]:
    claims = desk.verified(braid).claims
    return str(claims[ClaimName.SEALED].answer), str(claims[ClaimName.CLOSED].answer)


def closure(desk: Desk, braid: str) -> dict[str, object]:
    proofs = json.loads(desk.transcript(braid))["proofs"]
    (proof,) = [each for each in proofs if each["type"] == "closure"]
    said: dict[str, object] = json.loads(proof["h"])
    return said


def test_every_open_braid_is_closed_and_no_other(folder: Path) -> None:
    with Desk(folder) as desk:
        sealed, rests = (desk.turn(ask(each), "answer").braid for each in ("one", "two"))
        desk.seal(sealed)
        under_way = desk.open(ask("three")).braid
        assert desk.recorder.close_all() == 2
        assert [answers(desk, each) for each in (sealed, rests, under_way)] == [
            ("yes", "yes"),
            ("no", "yes"),
            ("no", "yes"),
        ]
        info = desk.library.info(under_way)
        assert (info.state, info.open_calls) == ("closed", 0)
        assert closure(desk, rests)["reason"] == "restored"
        assert desk.library.info(sealed).state == "sealed"
        assert desk.recorder.close_all() == 0


def test_what_the_wrapping_key_opens_no_more_is_closed_as_lost(folder: Path) -> None:
    with Desk(folder, wrapping=LOST) as desk:
        braid = desk.turn(ask("question"), "answer").braid
    with Desk(folder, wrapping=WRAPPING) as desk:
        assert desk.recorder.close_all() == 1
        assert answers(desk, braid) == ("no", "yes")
        assert closure(desk, braid)["reason"] == "lost"


def test_the_key_goes_with_the_closure(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        braid = desk.turn(ask("question"), "answer").braid
        with desk.store.read() as reading:
            row = reading.braid_named(braid)
        assert row is not None and row.wrapped_key is not None
        desk.recorder.close_all()
        assert not any(row.wrapped_key in one.read_bytes() for one in tmp_path.iterdir())
        with pytest.raises(KeyUnavailable, match="closed by its root key"):
            desk.seal(braid)


def test_a_conversation_goes_on_in_a_new_linked_braid(folder: Path) -> None:
    with Desk(folder) as desk:
        first = desk.turn(ask("question"), "answer").braid
    with Desk(folder) as desk:
        desk.recorder.close_all()
        later = desk.turn(ask("question", "answer", "more"), "and more")
        assert later.braid != first
        link = {"braid": first, "node": desk.story(first).nodes[-1].s, "rel": "continues"}
        assert desk.story(later.braid).nodes[0].header["link"] == [link]
        assert "copied" in desk.told(later).history


def test_its_words_can_still_be_erased(folder: Path) -> None:
    with Desk(folder) as desk:
        braid = desk.turn(ask("a secret"), "answer").braid
        desk.recorder.close_all()
        done = desk.run(desk.library.erase(braid, [0]))
        assert 0 in done.nodes and b"a secret" not in desk.transcript(braid)
        assert answers(desk, braid) == ("no", "yes")


def test_one_that_another_root_certified_is_left_and_said(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from braid.signing import SecretKey
    from braid_server.keyring import Keyring

    with Desk(folder) as desk:
        braid = desk.turn(ask("question"), "answer").braid
    with Desk(folder, keyring=Keyring(SecretKey(b"x" * 32), WRAPPING)) as desk:
        assert desk.recorder.close_all() == 0
        assert f"event=braid_not_closed braid={braid}" in caplog.text
        assert f"root={ROOT.text}" in caplog.text and "--root-key" in caplog.text


def test_a_node_cut_off_a_closed_braid_is_found(folder: Path) -> None:
    with Desk(folder) as desk:
        braid = desk.turn(ask("question"), "answer").braid
        desk.recorder.close_all()
        file = json.loads(desk.transcript(braid))
        file["nodes"].pop()
        report = verify(json.dumps(file).encode(), Policy(), roots=[desk.keyring.root])
        # The closure holds no more, and so neither does what proves that it is logged.
        assert {f.code for f in report.findings if f.code.startswith("E_")} == {"E_PROOF"}


@pytest.mark.parametrize("restored", [True, False])
def test_a_service_over_a_copy_closes_what_was_open_in_it(folder: Path, restored: bool) -> None:
    clock = Clock()
    with Desk(folder, clock=clock) as desk:
        braid = desk.turn(ask("question"), "answer").braid
    write_keys(folder)
    copy = folder / "copy"
    copy.mkdir()
    for name in ("braid.db", "braid.db.log.key", "root.key", "wrapping.key"):
        shutil.copy(folder / name, copy / name)
    settings = Settings(
        str(copy / "braid.db"),
        copy / "root.key",
        copy / "wrapping.key",
        port=0,
        restored=restored,
    )
    with opened(settings, clock) as service:
        assert service.library.info(braid).state == ("closed" if restored else "open")
