"""Log entries, proofs as texts, tiles (SPEC §13)."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from braid.checkpoint import Checkpoint, sign_checkpoint
from braid.errors import Malformed
from braid.log_entry import EntryKind, LogEntry, read_entry
from braid.log_proof import LogProof, check_log_proof, read_log_proof
from braid.note import NoteSigner, SignatureType
from braid.tiles import (
    ENTRIES,
    Tile,
    read_bundle,
    read_from,
    read_tile_path,
    tile_width,
    tiles_for_consistency,
    tiles_for_head,
    tiles_for_inclusion,
    tiles_of,
    write_bundle,
)
from braid.tree import check_consistency, prove_consistency, prove_inclusion, tree_head
from format import rfc6962
from format.stored_tree import Stored

LOG = NoteSigner("log.example/braid", bytes([1]) * 32, SignatureType.NOTE)
S = "A" * 85 + "g"
H = '{"v":1}'


@pytest.mark.parametrize("kind", EntryKind)
def test_an_entry_is_lines(kind: EntryKind) -> None:
    pop = S if kind in ("certificate", "rotation") else None
    entry = LogEntry(kind, H, S, pop)
    expected = f"braid/1 log {kind}\n{H}\n{S}\n" + (f"{S}\n" if pop else "")
    assert entry.raw == expected.encode()
    assert read_entry(entry.raw) == entry


ENTRY = LogEntry(EntryKind.CERTIFICATE, H, S, S).raw.decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        ENTRY[:-1],
        ENTRY + "\n",
        ENTRY.replace("\n", "\r\n"),
        ENTRY.replace("certificate", "Certificate"),
        ENTRY.replace("certificate", "other"),
        ENTRY.replace("certificate", "seal"),
        ENTRY.replace("braid/1", "braid/2"),
        ENTRY[: -len(S) - 1],
        ENTRY.replace(H, ""),
        ENTRY.replace(H, H + " "),
        ENTRY.replace(H, H + "\\"),
        ENTRY.replace(H, H + "é"),
        ENTRY.replace(H, "a" * 16_385),
        ENTRY.replace("Ag\n", "AA\n", 1)[:-2] + "B\n",
        ENTRY.replace(S, S[:-1] + "h"),
        ENTRY.replace(S, S + "="),
    ],
)
def test_an_entry_has_one_spelling(text: str) -> None:
    with pytest.raises(Malformed) as fault:
        read_entry(text.encode())
    assert fault.value.code == "E_PROOF"


def test_what_cannot_be_an_entry_is_not_written() -> None:
    for entry in (
        LogEntry(EntryKind.SEAL, H, S, S),
        LogEntry(EntryKind.CERTIFICATE, H, S),
        LogEntry(EntryKind.SEAL, H + "\n", S),
        LogEntry(EntryKind.SEAL, "\ud800", S),
    ):
        with pytest.raises(Malformed):
            _ = entry.raw


def logged(count: int) -> tuple[Stored, list[bytes]]:
    entries = [LogEntry(EntryKind.SEAL, f'{{"n":{n}}}', S).raw for n in range(count)]
    return Stored(entries), entries


def proof_of(index: int, count: int) -> tuple[LogProof, bytes]:
    stored, entries = logged(count)
    head = Checkpoint("log.example/braid", count, tree_head(stored.read, count))
    path = prove_inclusion(stored.read, index, count)
    return LogProof(index, path, sign_checkpoint(LOG, head)), entries[index]


@pytest.mark.parametrize(("index", "count"), [(0, 1), (0, 2), (6, 7), (30, 100)])
def test_a_proof_is_read_as_it_was_written(index: int, count: int) -> None:
    proof, entry = proof_of(index, count)
    assert read_log_proof(proof.text) == proof
    check_log_proof(read_log_proof(proof.text), entry)
    with pytest.raises(Malformed, match="another root"):
        check_log_proof(proof, entry[:-1])


def test_the_text_of_a_proof_is_that_of_c2sp() -> None:
    proof, _ = proof_of(2, 3)
    (step,) = proof.path
    assert proof.text == (
        f"c2sp.org/tlog-proof@v1\nindex 2\n{base64.b64encode(step).decode()}\n\n"
        + proof.signed.raw.decode()
    )


PROOF, PROVED = proof_of(2, 7)
TEXT = PROOF.text
STEP = TEXT.split("\n")[2]


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("no first line", TEXT.split("\n", 1)[1]),
        ("another version", TEXT.replace("@v1", "@v2")),
        ("an extra line", TEXT.replace("\nindex", "\nextra AAAA\nindex")),
        ("no index", TEXT.replace("index 2\n", "")),
        ("index with a leading zero", TEXT.replace("index 2", "index 02")),
        ("negative index", TEXT.replace("index 2", "index -2")),
        ("index with a space", TEXT.replace("index 2", "index  2")),
        ("index 2^53", TEXT.replace("index 2", f"index {2**53}")),
        ("step without padding", TEXT.replace(STEP, STEP[:-1])),
        ("step in another spelling", TEXT.replace(STEP, STEP[:-2] + chr(ord(STEP[-2]) + 1) + "=")),
        ("step of 31 bytes", TEXT.replace(STEP, base64.b64encode(bytes(31)).decode())),
        ("step of 33 bytes", TEXT.replace(STEP, base64.b64encode(bytes(33)).decode())),
        ("54 steps", TEXT.replace(STEP, "\n".join([STEP] * 52))),
        ("no blank line", TEXT.replace("\n\nlog", "\nlog")),
        ("two blank lines", TEXT.replace("\n\nlog", "\n\n\nlog")),
        ("CRLF", TEXT.replace("\n", "\r\n")),
        ("text before", "\n" + TEXT),
        ("text behind", TEXT + "x"),
        ("no checkpoint", TEXT[: TEXT.index("\n\n") + 2]),
        ("lone surrogate", TEXT.replace("log.example", "log\ud800.example")),
        ("beyond its limit", TEXT + f"— x {'A' * 131_072}\n"),
    ],
)
def test_a_proof_has_one_spelling(fault: str, text: str) -> None:
    assert text != TEXT
    with pytest.raises(Malformed) as refused:
        read_log_proof(text)
    assert refused.value.code == "E_PROOF", fault


@given(st.data())
def test_a_proof_changed_anywhere_does_not_hold(data: st.DataObject) -> None:
    """But for the log's signature, which is looked at by whoever has its key."""
    end = TEXT.index("\n— ")
    at = data.draw(st.integers(0, end))
    other = data.draw(st.characters(codec="utf-8").filter(lambda c: c != TEXT[at]))
    try:
        proof = read_log_proof(TEXT[:at] + other + TEXT[at + 1 :])
        check_log_proof(proof, PROVED)
    except Malformed:
        return
    assert proof.path == PROOF.path
    assert proof.signed.checkpoint != PROOF.signed.checkpoint or proof.index != PROOF.index


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 0, 1), "tile/0/000.p/1"),
        (Tile(0, 273, 112), "tile/0/273.p/112"),
        (Tile(1, 1_234_067), "tile/1/x001/x234/067"),
        (Tile(ENTRIES, 1_000, 255), "tile/entries/x001/000.p/255"),
        (Tile(63, 5), "tile/63/005"),
    ],
)
def test_a_tile_has_one_path(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert read_tile_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/data/000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p/01",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/000\n",
        "tile/0/٠٠٠",
        "tile/0/../000",
        "tile/0/" + "x001/" * 6 + "000",
    ],
)
def test_other_paths_are_no_tiles(path: str) -> None:
    with pytest.raises(Malformed):
        read_tile_path(path)


def test_the_tiles_of_c2sp_s_example() -> None:
    """A log of 70,000 entries (tlog-tiles)."""
    tiles = [tile for tile in tiles_of(70_000) if tile.level != ENTRIES]
    full = [(t.level, t.index) for t in tiles if t.width == 256]
    assert full == [(0, n) for n in range(273)] + [(1, 0)]
    assert [t for t in tiles if t.width != 256] == [
        Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)
    ]  # fmt: skip
    assert [t for t in tiles_of(256) if t.level != ENTRIES] == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles_of(0)) == []


@given(st.integers(0, 70_000), st.integers(0, 2_000))
def test_new_tiles_are_those_that_were_not_there(since: int, more: int) -> None:
    new = list(tiles_of(since + more, since))
    assert set(new) == set(tiles_of(since + more)) - set(tiles_of(since))
    assert len(set(new)) == len(new)
    for tile in new:
        assert tile.width == tile_width(tile.level, tile.index, since + more) > 0


def as_tiles(stored: Stored, tiles: list[Tile]) -> dict[Tile, bytes]:
    """Cut the tiles out of a log's hashes."""
    return {
        tile: b"".join(
            stored[tile.level * 8, n]
            for n in range(tile.index * 256, tile.index * 256 + tile.width)
        )
        for tile in tiles
    }


BIG, BIG_ENTRIES = logged(700)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 513, 700])
def test_proofs_need_the_tiles_that_are_named_and_no_more(size: int) -> None:
    head = rfc6962.head(BIG_ENTRIES[:size])
    tiles = as_tiles(BIG, tiles_for_head(size))
    assert tree_head(read_from(tiles), size) == head
    for index in {0, size // 2, size - 1}:
        tiles = as_tiles(BIG, tiles_for_inclusion(index, size))
        path = prove_inclusion(read_from(tiles), index, size)
        assert list(path) == rfc6962.path(index, BIG_ENTRIES[:size])
        for tile in tiles:
            fewer = {other: raw for other, raw in tiles.items() if other != tile}
            with pytest.raises(Malformed, match="no tile"):
                prove_inclusion(read_from(fewer), index, size)
    for old in {1, max(1, size // 3), size}:
        tiles = as_tiles(BIG, tiles_for_consistency(old, size))
        assert set(tiles) <= set(tiles_of(size))
        proof = prove_consistency(read_from(tiles), old, size)
        check_consistency(old, rfc6962.head(BIG_ENTRIES[:old]), size, head, proof)


def test_a_full_tile_serves_where_a_partial_one_was_asked_for() -> None:
    (tile,) = tiles_for_head(200)
    assert tile.width == 200
    full = as_tiles(BIG, [Tile(0, 0)])
    assert tree_head(read_from(full), 200) == rfc6962.head(BIG_ENTRIES[:200])
    both = {**full, **as_tiles(BIG, [tile])}
    assert tree_head(read_from(both), 200) == rfc6962.head(BIG_ENTRIES[:200])


def test_a_tile_of_another_length_is_refused() -> None:
    (tile,) = tiles_for_head(200)
    raw = as_tiles(BIG, [tile])[tile]
    for spoilt in (raw[:-1], raw[:-32], raw + bytes(32), b""):
        with pytest.raises(Malformed, match="expected 200 hashes"):
            read_from({tile: spoilt})


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_is_read_as_it_was_written(entries: list[bytes]) -> None:
    raw = write_bundle(entries)
    assert read_bundle(raw) == entries
    for cut in range(len(raw)):
        try:
            found = read_bundle(raw[:cut])
        except Malformed:
            continue
        assert found == entries[: len(found)]


def test_an_entry_beyond_16_bits_is_not_written() -> None:
    assert read_bundle(write_bundle([bytes(65_535)])) == [bytes(65_535)]
    with pytest.raises(ValueError, match="65535"):
        write_bundle([bytes(65_536)])
