"""The trust file: roots are added once, whole, and nothing a person wrote there is lost."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from braid.encoding import encode
from braid.errors import KeyUnusable
from braid.revocation import Reason, Revocation, Subject, write_revocation
from braid.signing import SecretKey
from braid.statements import Statements, StatementUnusable, parse_statements, write_statement
from braid_clients.paths import NoHome, config_folder, data_folder, trust_file
from braid_clients.trust import (
    TrustUnusable,
    keep_statements,
    kept_statements,
    read_roots,
    trust,
    trusted,
)
from braid_verifier.policy import Root

TIME = "2026-02-03T04:05:06.000Z"


def key(number: int) -> str:
    return encode(SecretKey(bytes([number]) * 32).key)


def test_a_root_is_added_once_with_its_label(tmp_path: Path) -> None:
    file = tmp_path / "new" / "trusted-roots"
    assert trust(file, Root(key(1), "the lab"))
    assert not trust(file, Root(key(1), "another label"))
    assert trust(file, Root(key(2), "two\nlines"))
    assert trusted(file) == (Root(key(1), "the lab"), Root(key(2), "two lines"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["trusted-roots"]


def test_comments_and_blank_lines_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "trusted-roots"
    before = f"# from the conference\n\n  {key(1)}\tthe lab  \n# no line end"
    file.write_text(before)
    assert trust(file, Root(key(2)))
    assert file.read_text() == f"{before}\n{key(2)}\n"
    assert trusted(file) == (Root(key(1), "the lab"), Root(key(2)))


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles" / "roots", tmp_path / "trusted-roots"
    real.parent.mkdir()
    link.symlink_to(real)
    assert trust(link, Root(key(1)))
    assert link.is_symlink() and trusted(real) == (Root(key(1)),)


def test_a_file_of_statements_never_grows_beyond_what_is_read_of_one(tmp_path: Path) -> None:
    """Each of the two could be kept; with both, no verification would read the file any more."""
    file = tmp_path / "statements"
    root = SecretKey(bytes(range(32)))

    def told(first: int) -> Statements:
        lines = []
        for number in range(first, first + 1500):
            named = SecretKey((number + 1).to_bytes(32, "big")).text
            said = Revocation(named, Subject.ROOT, Reason.LOST, TIME, root.text, TIME)
            lines.append(write_statement(write_revocation(root, said)))
        return parse_statements(b"".join(lines))

    assert keep_statements(file, told(0)) == 1500
    before = file.read_bytes()
    with pytest.raises(StatementUnusable, match="statements: full: expected statements of at most"):
        keep_statements(file, told(1500))
    assert file.read_bytes() == before
    assert keep_statements(file, told(100)) == 100
    assert len(kept_statements(file).revocations) == 1600


def test_two_who_add_at_once_both_stand_there(tmp_path: Path) -> None:
    file = tmp_path / "trusted-roots"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: trust(file, Root(key(number))), range(1, 30)))
    assert {root.key for root in trusted(file)} == {key(number) for number in range(1, 30)}


def test_a_line_that_is_no_key_is_an_error_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "trusted-roots"
    file.write_text(f"{key(1)}\nnot-a-key\n")
    with pytest.raises(KeyUnusable, match="line 2"):
        trust(file, Root(key(2)))
    assert file.read_text() == f"{key(1)}\nnot-a-key\n"


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"# long\n" * 200_000])
def test_a_file_that_is_no_list_is_refused(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "trusted-roots"
    file.write_bytes(raw)
    with pytest.raises(TrustUnusable):
        read_roots(file)


def test_no_file_means_no_roots(tmp_path: Path) -> None:
    assert trusted(tmp_path / "none") == ()


def test_folders_follow_xdg_and_ignore_relative_ones() -> None:
    home = {"HOME": "/home/ada"}
    assert data_folder(home) == Path("/home/ada/.local/share/braid")
    assert config_folder(home) == Path("/home/ada/.config/braid")
    chosen = {**home, "XDG_DATA_HOME": "/data", "XDG_CONFIG_HOME": "relative"}
    assert data_folder(chosen) == Path("/data/braid")
    assert trust_file(chosen) == Path("/home/ada/.config/braid/trusted-roots")


def test_without_a_home_there_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.name != "posix":
        pytest.skip("homes are found otherwise there")

    def no_home() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(NoHome, match="HOME"):
        data_folder({})
