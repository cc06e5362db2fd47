"""Keys at rest: files only their owner reads, braid keys bound to where they belong."""

from __future__ import annotations

import os
import secrets
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from braid.certificate import check_certificate
from braid.encoding import decode, encode
from braid.signing import Purpose, SecretKey, check_key, verifies
from braid_server.keyfiles import (
    ROOT_LABEL,
    WRAPPING_LABEL,
    KeyFileUnusable,
    create,
    load,
    load_or_create,
)
from braid_server.keyring import Keyring, KeyUnavailable
from fakes.desk import ROOT, START, WRAPPING

SEED = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "root.key"


def write(path: Path, text: str, mode: int = 0o600) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def test_a_key_file_is_made_once_and_read_ever_after(path: Path) -> None:
    seed = load_or_create(path, ROOT_LABEL)
    assert len(seed) == 32
    assert load_or_create(path, ROOT_LABEL) == load(path, ROOT_LABEL) == seed
    assert [one.name for one in path.parent.iterdir()] == ["root.key"]


def test_a_key_file_is_its_owners_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        create(path, ROOT_LABEL)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_key_file_is_a_line_a_person_can_tell(path: Path) -> None:
    seed = create(path, WRAPPING_LABEL)
    assert path.read_text() == f"braid-wrapping-key/1 {encode(seed)}\n"


def test_a_key_that_is_there_is_never_overwritten(path: Path) -> None:
    seed = create(path, ROOT_LABEL)
    with pytest.raises(KeyFileUnusable, match="expected no file, one is there"):
        create(path, ROOT_LABEL)
    assert load(path, ROOT_LABEL) == seed


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o777, 0o610])
def test_a_key_that_others_may_have_read_is_refused(path: Path, mode: int) -> None:
    create(path, ROOT_LABEL)
    path.chmod(mode)
    with pytest.raises(KeyFileUnusable, match=f"expected mode 0600, got {mode:04o}"):
        load(path, ROOT_LABEL)


def test_a_key_its_owner_may_only_read_is_fine(path: Path) -> None:
    seed = create(path, ROOT_LABEL)
    path.chmod(0o400)
    assert load(path, ROOT_LABEL) == seed


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line.replace("root", "wrapping"),
        lambda line: line[:30],
        lambda line: line[:-2],
        lambda line: line[:-1] + "A\n",
        lambda line: line.replace("\n", "=\n"),
        lambda line: line.partition(" ")[2],
        lambda line: line + line,
        lambda line: "\ufeff" + line,
        lambda line: "",
        lambda line: "\0" * 64,
    ],
)
def test_what_is_no_key_is_refused_without_being_repeated(
    path: Path, spoil: Callable[[str], str]
) -> None:
    line = f"{ROOT_LABEL} {encode(SEED)}\n"
    write(path, spoil(line))
    with pytest.raises(KeyFileUnusable) as raised:
        load(path, ROOT_LABEL)
    assert str(path) in str(raised.value)
    assert_silent(raised.value)


def assert_silent(fault: BaseException | None) -> None:
    """No run of the seed's text, nor the seed itself, in a message or what led to it."""
    text = encode(SEED)
    while fault is not None:
        shown = f"{fault} {fault!r} {fault.args}"
        assert not any(text[at : at + 6] in shown for at in range(len(text) - 6))
        assert repr(SEED) not in shown and SEED.hex() not in shown
        fault = fault.__context__


def test_a_key_in_a_place_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for impossible in (tmp_path / "file" / "root.key", tmp_path):
        with pytest.raises(KeyFileUnusable):
            load_or_create(impossible, ROOT_LABEL)
    with pytest.raises(KeyFileUnusable, match="no such key file"):
        load(tmp_path / "missing", ROOT_LABEL)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


MAKER = """
import sys
from pathlib import Path
from braid_server.keyfiles import ROOT_LABEL, load_or_create
sys.stdin.readline()
print(load_or_create(Path(sys.argv[1]), ROOT_LABEL).hex())
"""


def test_processes_that_begin_at_once_agree_on_one_key(path: Path) -> None:
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", MAKER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for maker in makers:
        assert maker.stdin is not None
        maker.stdin.write("\n")
        maker.stdin.flush()
    made = {maker.communicate()[0].strip() for maker in makers}
    assert made == {load(path, ROOT_LABEL).hex()}
    assert [one.name for one in path.parent.iterdir()] == ["root.key"]


def keyring(wrapping: bytes = WRAPPING) -> Keyring:
    return Keyring(ROOT, wrapping, "tests.example")


def test_a_new_braid_key_is_certified_by_the_root() -> None:
    made = keyring().new_braid("local", START)
    header = check_certificate(made.certificate, made.header.braid)
    assert header == made.header
    assert (header.root, header.issuer, header.policy) == (
        encode(ROOT.key),
        "tests.example",
        "required",
    )
    assert header.not_before == "2026-11-20T09:30:00.000Z"
    assert header.not_after == "2027-11-21T09:30:00.000Z"
    check_key(made.key.key, "braid")


def test_braids_share_neither_key_nor_nonce() -> None:
    ring = keyring()
    made = [ring.new_braid("local", START) for _ in range(20)]
    assert len({one.header.braid for one in made}) == 20
    assert len({one.header.nonce for one in made}) == 20
    assert len({one.wrapped[:24] for one in made}) == 20


def test_a_wrapped_key_opens_where_it_belongs() -> None:
    made = keyring().new_braid("local", START)
    key = keyring().unwrap("local", made.header.braid, made.wrapped)
    assert key.key == made.key.key == decode(made.header.braid, "braid", 32)
    signature = key.sign(Purpose.NODE, b"payload")
    assert verifies(made.key.key, signature, Purpose.NODE, b"payload")
    assert made.key.seed not in made.wrapped


def test_a_wrapped_key_opens_nowhere_else() -> None:
    ring = keyring()
    made, other = ring.new_braid("local", START), ring.new_braid("local", START)
    braid, wrapped = made.header.braid, made.wrapped
    cases: list[tuple[Keyring, str, str, bytes | None]] = [
        (ring, "another tenant", braid, wrapped),
        (ring, "local", other.header.braid, wrapped),
        (keyring(secrets.token_bytes(32)), "local", braid, wrapped),
        (ring, "local", braid, wrapped[:-1]),
        (ring, "local", braid, wrapped[:20]),
        (ring, "local", braid, b""),
        (ring, "local", braid, bytes([wrapped[0] ^ 1]) + wrapped[1:]),
        (ring, "local", braid, wrapped[:-1] + bytes([wrapped[-1] ^ 1])),
        (ring, "local", braid, None),
    ]
    for ring, tenant, name, what in cases:
        with pytest.raises(KeyUnavailable) as raised:
            ring.unwrap(tenant, name, what)
        assert braid in str(raised.value) or other.header.braid in str(raised.value)


def test_a_key_says_nothing_of_its_secret() -> None:
    key = SecretKey(SEED)
    shown = f"{key} {key!r}"
    assert encode(SEED) not in shown and SEED.hex() not in shown
    made = keyring().new_braid("local", START)
    assert encode(made.key.seed) not in repr(made) and repr(made.key.seed) not in repr(made)


def test_tenants_match_by_keys_of_their_own() -> None:
    ring = keyring()
    keys = {ring.match_key(tenant) for tenant in ("local", "other", "")}
    keys.add(keyring(secrets.token_bytes(32)).match_key("local"))
    assert len(keys) == 4
    assert ring.match_key("local") == keyring().match_key("local")
    assert WRAPPING not in keys
