"""Sealing what rests: when, with what left behind, and how a conversation goes on (SPEC §8.7)."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from braid_server.keyring import KeyUnavailable
from braid_server.service import Misconfigured, Settings, opened
from braid_verifier.policy import ClaimName
from braid_verifier.report import Answer, Report
from fakes.desk import WRAPPING, Clock, Desk, ask, write_keys

HOUR = timedelta(hours=1)


def is_sealed(report: Report) -> bool:
    return report.claims[ClaimName.SEALED].answer is Answer.YES


def state(desk: Desk) -> list[str]:
    return [desk.library.info(braid).state for braid in desk.braids()]


def test_a_braid_that_rested_long_enough_is_sealed(folder: Path) -> None:
    with Desk(folder) as desk:
        first = desk.turn(ask("one question"), "answer").braid
        desk.clock.advance(minutes=30)
        second = desk.turn(ask("another question"), "answer").braid
        desk.clock.advance(minutes=29, seconds=59)
        assert desk.recorder.seal_idle(HOUR) == 0
        desk.clock.advance(seconds=1)
        assert desk.recorder.seal_idle(HOUR) == 1
        assert is_sealed(desk.verified(first)) and not is_sealed(desk.verified(second))
        desk.clock.advance(minutes=30)
        assert desk.recorder.seal_idle(HOUR) == 1
        assert is_sealed(desk.verified(second))
        assert desk.recorder.seal_idle(HOUR) == 0


def test_its_newest_node_says_how_long_a_braid_rested(folder: Path) -> None:
    with Desk(folder) as desk:
        desk.turn(ask("question"), "answer")
        for _ in range(3):
            desk.clock.advance(minutes=50)
            desk.turn(ask("question", "answer", "more"), "and more")
            assert desk.recorder.seal_idle(HOUR) == 0
        assert state(desk) == ["open"]


def test_a_braid_with_a_call_under_way_does_not_rest(folder: Path) -> None:
    with Desk(folder) as desk:
        call = desk.open(ask("question"))
        desk.clock.advance(days=2)
        assert desk.recorder.seal_idle(HOUR) == 0
        desk.answer(call, "answer")
        assert desk.recorder.seal_idle(HOUR) == 0
        desk.clock.advance(hours=1)
        assert desk.recorder.seal_idle(HOUR) == 1


def test_the_key_is_destroyed_with_the_seal(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        braid = desk.turn(ask("question"), "answer").braid
        with desk.store.read() as reading:
            row = reading.braid_named(braid)
        assert row is not None and row.wrapped_key is not None
        files = [one for one in tmp_path.iterdir() if one.is_file()]
        assert any(row.wrapped_key in one.read_bytes() for one in files)
        desk.clock.advance(hours=2)
        assert desk.recorder.seal_idle(HOUR) == 1
        assert not any(row.wrapped_key in one.read_bytes() for one in tmp_path.iterdir())
        with desk.store.read() as reading:
            row = reading.braid_named(braid)
        assert row is not None
        with pytest.raises(KeyUnavailable):
            desk.keyring.unwrap(row.tenant, row.id, row.wrapped_key)


def test_a_conversation_goes_on_in_a_new_linked_braid(folder: Path) -> None:
    with Desk(folder) as desk:
        first = desk.turn(ask("question"), "answer")
        desk.clock.advance(hours=2)
        desk.recorder.seal_idle(HOUR)
        later = desk.turn(ask("question", "answer", "more"), "and more")
        assert later.braid != first.braid
        seal, story = desk.story(first.braid).nodes[-1], desk.story(later.braid)
        link = {"braid": first.braid, "node": seal.s, "rel": "continues"}
        assert story.nodes[0].header["link"] == [link]
        copied = [node.attrs["copy_of"]["braid"] for node in story.nodes if "copy_of" in node.attrs]
        assert copied == [first.braid] * 2
        assert "copied" in desk.told(later).history
        desk.verified(later.braid)


def test_one_that_cannot_be_sealed_is_said_once_and_stops_no_other(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Desk(folder, wrapping=b"another wrapping key, 32 bytes!!") as desk:
        desk.turn(ask("lost"), "answer")
    with Desk(folder, wrapping=WRAPPING) as desk:
        desk.turn(ask("kept"), "answer")
        desk.clock.advance(hours=2)
        assert desk.recorder.seal_idle(HOUR) == 1
        assert state(desk) == ["open", "sealed"]
        (said,) = [one for one in caplog.messages if "braid_not_sealed" in one]
        assert said == "event=braid_not_sealed number=1 fault=KeyUnavailable"
        desk.recorder.seal_idle(HOUR)
        assert caplog.text.count("braid_not_sealed") == 1


def served(folder: Path, after: timedelta | None) -> Settings:
    return Settings(
        str(folder / "braid.db"),
        folder / "root.key",
        folder / "wrapping.key",
        port=0,
        seal_after=after,
    )


@pytest.mark.parametrize(
    ("after", "expected"), [(HOUR, "sealed"), (3 * HOUR, "open"), (None, "open")]
)
def test_a_service_seals_as_its_settings_say(
    folder: Path, after: timedelta | None, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clock = Clock()
    with Desk(folder, clock=clock) as desk:
        desk.turn(ask("question"), "answer")
    write_keys(folder)
    clock.advance(hours=2)
    with opened(served(folder, after), clock) as service:
        with service.sealing_idle():
            pass  # whatever there is to do at once is done when this ends
        (info,) = service.library.braids().braids
    assert info.state == expected
    assert ("event=idle_braids_sealed count=1" in caplog.text) is (expected == "sealed")


def test_no_time_at_all_is_refused(folder: Path) -> None:
    with pytest.raises(Misconfigured, match="seal_after"):
        served(folder, timedelta()).check()
