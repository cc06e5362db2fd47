"""Rotating the root key: what is left on disk, and that verifiers follow (SPEC §9.3)."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from braid.encoding import encode
from braid.signing import SecretKey
from braid_server import keyfiles
from braid_server.keyfiles import ROOT_LABEL, KeyFileUnusable
from braid_server.keyring import Keyring
from braid_server.rotating import load_rotations, rotate, rotations_of
from braid_server.service import Settings, opened
from braid_verifier import Report, verify
from braid_verifier.policy import ClaimName
from braid_verifier.report import Result
from fakes.desk import START, WRAPPING, Desk, ask


@pytest.fixture
def root_key(folder: Path) -> Path:
    path = folder / "root.key"
    keyfiles.create(path, ROOT_LABEL)
    return path


def secret(path: Path) -> SecretKey:
    return SecretKey(keyfiles.load(path, ROOT_LABEL))


def recorded(folder: Path, root_key: Path, name: str) -> bytes:
    """Record a conversation as a service with this root key would."""
    place = folder / name
    place.mkdir()
    root = secret(root_key)
    rotations = load_rotations(root_key, root.text)
    with Desk(place, keyring=Keyring(root, WRAPPING, rotations=rotations)) as desk:
        return desk.transcript(desk.turn(ask("question"), "answer").braid)


def judged(transcript: bytes, root: str) -> tuple[Result, str]:
    report: Report = verify(transcript, roots=[root])
    return report.result, str(report.claims[ClaimName.SIGNER].answer)


def test_who_pinned_the_first_root_follows_to_the_last(folder: Path, root_key: Path) -> None:
    first = secret(root_key).text
    before = recorded(folder, root_key, "before")
    rotated = [rotate(root_key, START) for _ in range(2)]
    after = recorded(folder, root_key, "after")
    last = secret(root_key).text
    assert [one.old for one in rotated] == [first, rotated[0].new] and rotated[1].new == last
    for root in (first, rotated[0].new, last):
        assert judged(after, root) == (Result.VERIFIED, "yes")
    assert judged(before, first) == (Result.VERIFIED, "yes")
    # It leads one way: what the old root certified is not the new one's.
    assert judged(before, last) == (Result.UNMET, "no")
    assert {proof["type"] for proof in json.loads(before)["proofs"]} == {"log"}


def test_the_old_keys_stay_beside_the_new_one(root_key: Path) -> None:
    seeds = [secret(root_key).seed]
    kept = []
    for _ in range(2):
        kept.append(rotate(root_key, START).old_file)
        seeds.append(secret(root_key).seed)
    assert [secret(path).seed for path in [*kept, root_key]] == seeds
    assert len(set(seeds)) == 3
    said = rotations_of(root_key).read_text()
    assert not any(encode(seed) in said for seed in seeds)


def test_rotated_at_once_each_hands_over_to_the_next(root_key: Path) -> None:
    with ThreadPoolExecutor(4) as several:
        ended = [several.submit(rotate, root_key, START) for _ in range(8)]
        rotated = [each.result() for each in ended]
    proofs = load_rotations(root_key, secret(root_key).text)
    assert len(proofs) == len({one.old for one in rotated}) == 8
    assert len(list(root_key.parent.iterdir())) == 10  # eight old ones, the new one, what was said


@pytest.mark.parametrize("damage", [b"words\n", b"{}\n", b'{"type":"rotation"}\n', b"\xff\n"])
def test_statements_that_are_none_are_refused(root_key: Path, damage: bytes) -> None:
    rotations_of(root_key).write_bytes(damage)
    with pytest.raises(KeyFileUnusable, match="rotations"):
        load_rotations(root_key, secret(root_key).text)


def test_a_rotation_cut_short_is_told_with_where_the_new_key_is(root_key: Path) -> None:
    old = root_key.read_bytes()
    rotate(root_key, START)
    # As if killed before the last step.
    root_key.rename(root_key.with_name(".root.key.next"))
    root_key.write_bytes(old)
    root_key.chmod(0o600)
    with pytest.raises(KeyFileUnusable, match=r"cut short.*\.root\.key\.next"):
        rotate(root_key, START)
    assert root_key.with_name(".root.key.next").exists()


def test_a_service_begins_braids_with_the_statements(folder: Path, root_key: Path) -> None:
    settings = Settings(str(folder / "braid.db"), root_key, folder / "wrapping.key", port=0)
    rotated = rotate(root_key, START)
    with opened(settings) as service:
        assert service.root == rotated.new
    rotations_of(root_key).write_bytes(b"words")
    with pytest.raises(KeyFileUnusable), opened(settings):
        pass


def test_a_store_of_before_the_rotation_is_no_surprise(
    folder: Path, root_key: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keyfiles.create(folder / "wrapping.key", keyfiles.WRAPPING_LABEL)
    root = secret(root_key)
    with Desk(folder, keyring=Keyring(root, WRAPPING)) as desk:
        desk.turn(ask("question"), "answer")
    rotate(root_key, START)
    settings = Settings(str(folder / "braid.db"), root_key, folder / "wrapping.key", port=0)
    with opened(settings):
        assert "root_differs" not in caplog.text
