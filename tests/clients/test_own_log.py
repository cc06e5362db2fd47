"""The logs of one's own runs: the newest are trusted, beside those that the user trusts."""

from __future__ import annotations

from typing import Any

from braid.note import NoteSigner, SignatureType


def vkey(number: int) -> str:
    return NoteSigner(f"log{number}", bytes([number]) * 32, SignatureType.NOTE).public.text


def logs(home: Any) -> list[str]:
    lines = [line.split() for line in home.braid("keys", "list").stdout.splitlines()]
    return [line[1] for line in lines if line[0] == "log"]


def test_the_oldest_run_s_log_goes_and_none_that_the_user_trusts(home: Any) -> None:
    theirs, *passed = map(vkey, range(101))
    trusted = ("keys", "trust", theirs, "--as", "log", "--label", "run")
    assert home.braid(*trusted).returncode == 0
    (home.config / "logs-of-runs").write_text("".join(f"{key} run\n" for key in passed))
    assert home.braid("run", "true").returncode == 0
    found = logs(home)
    assert found[:-1] == [theirs, *passed[1:]] and found[-1] not in passed
    # One of them that the user comes to trust by name stays, and is trusted no more when asked.
    assert home.braid("keys", "trust", passed[1], "--as", "log").returncode == 0
    assert home.braid("run", "true").returncode == 0
    assert logs(home)[:2] == [theirs, passed[1]]
    assert home.braid("keys", "untrust", found[-1]).returncode == 0
    assert found[-1] not in logs(home)
