"""`braid keys`: secret files stay secret and are never overwritten, roots are trusted by name."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from braid.encoding import encode
from braid.signing import SecretKey


def test_init_makes_both_files_for_their_owner_alone(home: Any) -> None:
    ran = home.braid("keys", "init")
    assert ran.returncode == 0 and len(ran.stdout) == 44
    for name in ("root.key", "wrapping.key"):
        assert stat.S_IMODE((home.data / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.data.stat().st_mode) == 0o700
    assert home.braid("keys", "show").stdout == ran.stdout


def test_init_overwrites_nothing(home: Any) -> None:
    key = home.braid("keys", "init").stdout
    ran = home.braid("keys", "init")
    assert ran.returncode == 2 and not ran.stdout and "is there already" in ran.stderr
    (home.data / "wrapping.key").unlink()
    assert home.braid("keys", "init").returncode == 2
    assert not (home.data / "wrapping.key").exists()
    assert home.braid("keys", "show").stdout == key


def test_init_makes_a_new_root_key_beside_the_wrapping_key_that_is_there(home: Any) -> None:
    key = home.braid("keys", "init").stdout
    wrapping = (home.data / "wrapping.key").read_bytes()
    (home.data / "root.key").unlink()
    ran = home.braid("keys", "init")
    assert ran.returncode == 0 and ran.stdout not in ("", key)
    assert "was there already" in ran.stderr
    assert (home.data / "wrapping.key").read_bytes() == wrapping


def test_other_files_can_be_named_by_option_or_variable(home: Any, tmp_path: Path) -> None:
    root, wrapping = tmp_path / "k" / "root", tmp_path / "k" / "wrapping"
    ran = home.braid("keys", "init", "--root-key", root, "--wrapping-key", wrapping)
    assert root.exists() and wrapping.exists() and not home.data.exists()
    assert home.braid("keys", "show", BRAID_ROOT_KEY=str(root)).stdout == ran.stdout


def test_show_says_what_is_wrong_with_a_key_file(home: Any) -> None:
    ran = home.braid("keys", "show")
    assert ran.returncode == 2
    assert ran.stderr.splitlines()[1] == "braid: make it: braid keys init"
    home.braid("keys", "init")
    file = home.data / "root.key"
    file.chmod(0o644)
    ran = home.braid("keys", "show")
    assert ran.returncode == 2 and "0600" in ran.stderr
    file.chmod(0o600)
    secret = file.read_text().split()[1]
    file.write_text(f"something-else {secret}\n")
    ran = home.braid("keys", "show")
    assert ran.returncode == 2 and secret not in ran.stderr


def test_trust_takes_a_key_or_a_file_of_them_once(home: Any, made: Any) -> None:
    ran = home.braid("keys", "trust", made.root, "--label", "the lab")
    assert ran.returncode == 0 and "is now trusted" in ran.stderr and not ran.stdout
    assert "was trusted before" in home.braid("keys", "trust", made.root).stderr
    other = encode(SecretKey(b"o" * 32).key)
    file = home.folder / "theirs"
    file.write_text(f"{made.root}\n{other} their name\n")
    assert home.braid("keys", "trust", file).returncode == 0
    lines = (home.config / "trusted-roots").read_text().splitlines()
    assert lines[1:] == [f"{made.root} the lab", f"{other} their name"]


def test_trust_takes_a_key_that_begins_with_a_dash(home: Any) -> None:
    keys = (encode(SecretKey(number.to_bytes(32, "big")).key) for number in range(10_000))
    key = next(key for key in keys if key.startswith("-"))
    assert home.braid("keys", "trust", key, "--label", "dash").returncode == 0
    assert f"{key} dash\n" in (home.config / "trusted-roots").read_text()
    assert home.braid("keys", "trust", "--", key).returncode == 0


def test_trust_refuses_what_is_no_public_key(home: Any) -> None:
    home.braid("keys", "init")
    empty = home.folder / "empty"
    empty.write_text("# nothing\n")
    for given, said in {
        "abc": "neither",
        "A" * 43: "root",
        str(empty): "holds no root key",
        str(home.data / "root.key"): "secret key file",
        str(home.data): "Is a directory",
    }.items():
        ran = home.braid("keys", "trust", given)
        assert ran.returncode == 2 and said in ran.stderr, given
    assert not (home.config / "trusted-roots").exists()


def test_list_gives_the_roots_a_key_a_line_with_its_label(home: Any, made: Any) -> None:
    ran = home.braid("keys", "list")
    assert ran.returncode == 0 and not ran.stdout and "no root key is trusted" in ran.stderr
    other = encode(SecretKey(b"o" * 32).key)
    home.braid("keys", "trust", made.root, "--label", "the lab")
    home.braid("keys", "trust", other)
    ran = home.braid("keys", "list")
    assert ran.returncode == 0 and ran.stdout == f"{made.root} the lab\n{other}\n"
    assert not ran.stderr


def test_untrust_takes_one_root_off_the_list_and_nothing_else(home: Any, made: Any) -> None:
    file = home.folder / "x.braid.json"
    file.write_bytes(made.json)
    other = encode(SecretKey(b"o" * 32).key)
    home.config.mkdir(parents=True)
    (home.config / "trusted-roots").write_text(f"# mine\n{other}\n  {made.root} lab\n\n# end")
    assert home.braid("verify", file).returncode == 0
    ran = home.braid("keys", "untrust", made.root)
    assert ran.returncode == 0 and "no longer trusted" in ran.stderr and not ran.stdout
    assert (home.config / "trusted-roots").read_text() == f"# mine\n{other}\n\n# end"
    assert home.braid("verify", file).returncode == 3


def test_trust_says_of_a_transcript_what_it_is(home: Any, made: Any) -> None:
    file = home.folder / "x.braid.json"
    file.write_bytes(made.json)
    ran = home.braid("keys", "trust", file)
    assert ran.returncode == 2 and not ran.stdout and not home.config.exists()
    first, *hints = ran.stderr.splitlines()
    assert first == f"braid: {file}: this is a transcript, expected root keys"
    assert any(made.root in hint for hint in hints)


def test_untrust_says_when_there_is_nothing_to_take_off(home: Any, made: Any) -> None:
    for given, said in {
        made.root: "is not trusted",
        made.root[:20]: "root key",
        "": "root",
    }.items():
        ran = home.braid("keys", "untrust", given)
        assert ran.returncode == 2 and said in ran.stderr, given
    assert not home.config.exists()


def own_roots(home: Any) -> list[str]:
    """The user's own roots, as `braid keys list` has them; it lists their logs too."""
    lines = [line.split() for line in home.braid("keys", "list").stdout.splitlines()]
    return [key for key, *label in lines if label == ["local"]]


@pytest.mark.parametrize("chosen", [False, True])
@pytest.mark.parametrize("command", [("run", "true"), ("demo",), ("serve", "--port", "0")])
def test_a_lost_root_key_is_told_and_not_replaced(
    home: Any, command: tuple[str, ...], chosen: bool
) -> None:
    key = home.data / "root.key"
    given = {}
    if chosen:
        key = home.folder / "elsewhere" / "root"
        given = {"BRAID_ROOT_KEY": str(key)}
    assert home.braid("run", "true", **given).returncode == 0
    (lost,) = own_roots(home)
    key.unlink()
    ran = home.braid(*command, **given)
    assert ran.returncode == 2 and not key.exists()
    said = ran.stderr.splitlines()
    assert str(key) in said[0] and lost in said[0]
    # What it names does help.
    words = said[-1].rpartition("braid keys init")[2].split()
    assert home.braid("keys", "init", *words).returncode == 0
    assert home.braid("run", "true", **given).returncode == 0
    assert len(own_roots(home)) == 2


def test_a_root_of_somebody_else_is_no_root_key_that_was_lost(home: Any, made: Any) -> None:
    home.braid("keys", "trust", made.root, "--label", "the lab")
    assert home.braid("run", "true").returncode == 0


def test_rotate_hands_over_to_a_new_key(home: Any) -> None:
    old = home.braid("keys", "init").stdout.strip()
    ran = home.braid("keys", "rotate")
    new = ran.stdout.strip()
    assert ran.returncode == 0 and len(new) == 43 and new != old
    assert home.braid("keys", "show").stdout.strip() == new
    assert f"{old} handed over to {new}" in ran.stderr
    assert new in home.braid("keys", "list").stdout
    assert stat.S_IMODE((home.data / "root.key.1").stat().st_mode) == 0o600
    seed = (home.data / "root.key").read_text().split()[1]
    assert seed not in ran.stdout + ran.stderr + (home.data / "root.key.rotations").read_text()


def test_rotate_without_a_key_says_so(home: Any) -> None:
    ran = home.braid("keys", "rotate")
    assert ran.returncode == 2 and "no such key file" in ran.stderr
    assert not (home.data / "root.key").exists()
