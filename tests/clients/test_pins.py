"""Whom a program trusts decides what its checks say, wherever they verify."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from braid_clients.checked import checking
from braid_clients.pins import Pins
from braid_clients.trust import LOGS, ROOTS, WITNESSES, trust_one
from braid_verifier import HistoryNotGenuine, PinnedKey, Policy, Root, check_history
from vectors.tlog import LOG, SECOND, WITNESS

VECTORS = Path(__file__).parents[1] / "vectors"
ROOT: str = json.loads((VECTORS / "index.json").read_text("utf-8"))["root"]
# Revoked; one witness had seen it before, the second came too late.
LATE = (VECTORS / "transcripts" / "revoked-and-seen-by-the-second-too-late.json").read_bytes()
TWO = (VECTORS / "transcripts" / "witnessed-by-two.json").read_bytes()
ASKED = b'{"messages": [{"role": "user", "content": "x"}]}'
SEEN: dict[str, Any] = {"logs": [LOG.vkey], "witnesses": [WITNESS.vkey, SECOND.vkey]}


def pins(policy: Policy, **given: Any) -> Pins:
    names = ("roots", "logs", "witnesses", "authorities", "statements")
    return Pins.of(**{name: given.get(name) for name in names}, quorum=policy.quorum)


@pytest.mark.parametrize(
    ("given", "quorum", "result"), [({}, 1, "failed"), (SEEN, 1, "verified"), (SEEN, 2, "failed")]
)
def test_what_witnesses_saw_decides_of_a_revoked_key(
    given: dict[str, Any], quorum: int, result: str
) -> None:
    policy = Policy(quorum=quorum)
    assert pins(policy, roots=[ROOT], **given).report(LATE, policy).result == result
    check = check_history(LATE, ASKED, "anthropic", [ROOT], **given, quorum=quorum)
    assert check.report.result == result and check.genuine is (result == "verified")
    hook = checking(lambda: LATE, "anthropic", **given, quorum=quorum)
    request = httpx.Request("POST", "https://example.org", content=ASKED)
    if result == "verified":
        hook(request)
    else:
        with pytest.raises(HistoryNotGenuine, match="the transcript is failed"):
            hook(request)


def test_what_is_not_given_is_what_the_user_trusts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    policy = Policy(require={"logged", "witnessed"})
    assert pins(policy).report(TWO, policy).unmet == ("signer", "logged", "witnessed")
    folder = tmp_path / "braid"
    trust_one(folder / "trusted-roots", Root(ROOT), ROOTS)
    assert pins(policy).report(TWO, policy).unmet == ("logged", "witnessed")
    trust_one(folder / "trusted-logs", PinnedKey(LOG.vkey), LOGS)
    assert pins(policy).report(TWO, policy).unmet == ("witnessed",)
    trust_one(folder / "trusted-witnesses", PinnedKey(SECOND.vkey), WITNESSES)
    pins(policy).report(TWO, policy).require()
    for name, requirement in (("roots", "signer"), ("logs", "logged"), ("witnesses", "witnessed")):
        assert requirement in pins(policy, **{name: []}).report(TWO, policy).unmet


def test_a_user_without_a_home_trusts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    policy = Policy()
    assert pins(policy).report(TWO, policy).unmet == ("signer",)


def test_what_is_no_authority_is_told() -> None:
    wrong: Any = "the authority"
    with pytest.raises(TypeError, match="authorities: expected Authorities, got str"):
        pins(Policy(), authorities=wrong)
    with pytest.raises(TypeError, match=r"statements\[0\]: expected bytes, got str"):
        pins(Policy(), statements=["rubbish"])
