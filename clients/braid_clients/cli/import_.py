"""`braid import`: conversations that others recorded, judged by their own rules and wrapped."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from braid.encoding import encode, write_time
from braid.errors import Malformed
from braid.signing import SecretKey
from braid.transcript import Layout, write_transcript
from braid.weave import Weaver
from braid_clients.cli.keys import own_root_key, pin, root_key_option
from braid_clients.cli.own_file import OUTPUT
from braid_clients.cli.store import write_whole
from braid_clients.cli.terminal import answer, answer_bytes, input_file, say
from braid_clients.iolite import wrap
from braid_clients.problem import Problem
from braid_clients.visible import visible
from braid_clients.wording import counted
from braid_server import keyfiles
from braid_server.keyring import certified_key
from braid_server.rotating import load_rotations
from braid_verifier.iolite import Fit, Judgement, KeySource, judge, read_conversation
from braid_verifier.iolite.conversation import MAX_FILE

_MAX_SHOWN = 10


@click.group("import", context_settings={"help_option_names": ["-h", "--help"]})
def import_() -> None:
    """Bring in conversations that others recorded."""


@import_.command("iolite")
@click.argument("file", metavar="FILE|-")
@click.option(
    "-o",
    "--output",
    type=OUTPUT,
    metavar="OUT",
    help="Where the transcript goes; by default FILE's name with .braid.json, in this folder.",
)
@click.option("--check", is_flag=True, help="Only judge the file; sign and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the judgement as JSON.")
@root_key_option
def iolite(
    file: str, output: str | None, check: bool, as_json: bool, root_key: Path | None
) -> None:
    """Judge a file of ProjectIolite, and wrap its conversation into a sealed braid.

    The answer keeps apart what the file's signatures show, what its links show, and what its
    signatures do not cover. The braid says of every word that it is a client's and
    where it came from; your root key vouches for nothing but the file as it was found.

    Exit code 0: judged, and wrapped. 2: not such a file, or nothing in it is signed.
    """
    name, raw = _read(file)
    try:
        conversation = read_conversation(raw)
    except Malformed as fault:
        reason = str(fault).removeprefix("file: ")
        raise Problem(f"{file}: not an iolite file: {reason}") from fault
    judgement = judge(conversation)
    to_stdout = output == "-" and not check
    show = say if to_stdout else answer
    if as_json:
        show(json.dumps(judgement.to_json(), indent=None if to_stdout else 2))
    else:
        for line in _lines(name, judgement):
            show(visible(line))
    if not conversation.records:
        raise Problem(f"{file}: nothing in it is signed, so there is nothing to wrap")
    if check:
        return
    target = output or f"{name}.braid.json"
    if output is None and os.path.lexists(target):
        raise Problem(f"{target}: is there already", "name another file: -o OUT")
    held = own_root_key(root_key)
    root = SecretKey(keyfiles.load_or_create(held, keyfiles.ROOT_LABEL))
    # Whoever pinned the root before this one follows.
    rotations = load_rotations(held, root.text)
    now = datetime.now(UTC)
    key, certificate, _ = certified_key(root, now)
    weaver = Weaver(key, write_time(now), lambda: secrets.token_bytes(32))
    try:
        wrap(conversation, judgement, raw, name, weaver)
    except Malformed as fault:
        raise Problem(f"{file}: cannot be wrapped: {fault}") from fault
    pin(encode(root.key))
    layout = Layout.LINES if target.endswith(".jsonl") else Layout.JSON
    pieces = write_transcript(encode(key.key), certificate, weaver.nodes, rotations, layout)
    if to_stdout:
        answer_bytes(pieces)
        return
    write_whole(Path(target), pieces)
    say(
        f"written: {target} ({counted(len(weaver.nodes), 'node')}, sealed)",
        f"check it: braid verify {target}",
    )


def _read(file: str) -> tuple[str, bytes]:
    """Give the name of a file and its bytes, one more than may be at the most."""
    with input_file(file) as source:
        return "stdin" if file == "-" else Path(file).name, source.read(MAX_FILE + 1)


def _lines(name: str, judgement: Judgement) -> Iterator[str]:
    links = judgement.links
    yield f"{name}: iolite {judgement.shape}, {counted(judgement.records, 'record')}"
    yield f"  result       {judgement.result}"
    if not judgement.records:
        return
    yield f"  signatures   {_signatures(judgement)}"
    if judgement.loose:
        yield f"               {len(judgement.loose)} are not in their one spelling"
    yield (
        f"  topology     {len(links.genesis)} genesis, {counted(len(links.tails), 'tail')}, "
        f"{len(links.repeated)} repeated, {len(links.orphans)} orphans, "
        f"{len(links.cyclic)} in a cycle"
    )
    for number, each in enumerate(judgement.uncovered):
        title = "not covered" if number == 0 else ""
        warning = "DIFFERS: " if each.differs else ""
        yield f"  {title:<12} {warning}{each.what}: {each.detail}"


def _signatures(judgement: Judgement) -> str:
    fits = judgement.fits
    match judgement.key_source:
        case KeySource.NONE:
            return "not checked: the file has no key that can be used"
        case KeySource.FIELD:
            whose = "the key that stands beside them, unsigned"
        case KeySource.QUOTED:
            whose = "a key that one of their texts quotes, whoever's it is"
    good = [f"{fits.count(fit)} {fit}" for fit in (Fit.RAW, Fit.BASE64) if fit in fits]
    return f"{len(fits) - fits.count(Fit.NO)} of {len(fits)} fit ({', '.join(good)}): {whose}"
