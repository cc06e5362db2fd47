"""`braid demo`: record, export, verify, change one byte, fail to verify; no account, no network."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from braid.node import Kind, Origin, read_header
from braid.transcript import StoredNode, TranscriptReader
from braid_clients import paths
from braid_clients.cli.keys import own_root_key, pin, public_key
from braid_clients.cli.log_lines import log_to_stderr
from braid_clients.cli.own_log import pin_log
from braid_clients.cli.store import write_whole
from braid_clients.cli.terminal import answer, answer_styled, speaks_unicode, width
from braid_clients.cli.verify import answer_report
from braid_clients.demo_provider import scripted_provider
from braid_clients.loopback import without_proxy_to_loopback
from braid_clients.problem import Problem
from braid_clients.render import Drawing, draw
from braid_verifier import Policy, Report, Result, Root, verify

FILE = "braid-demo.braid.json"
_LETTER = re.compile(rb"(?<!\\)[A-Za-z]")


@click.command("demo")
def demo() -> int:
    """See it all work: no account, no network, ten seconds.

    The real anthropic SDK talks to a scripted provider through the proxy. What passed becomes a
    transcript, which verifies; then one byte of it is changed, and it does not.
    """
    log_to_stderr(logging.WARNING)
    # None of the user's settings may reach the SDK, and no proxy stand before loopback.
    for name in [name for name in os.environ if name.startswith("ANTHROPIC_")]:
        del os.environ[name]
    os.environ.update(without_proxy_to_loopback(os.environ))
    transcript, root, log = _record()
    pinned = (Root(root, "local"),)
    file = _folder() / FILE
    write_whole(file, [transcript])
    answer(f"\n3. What passed is a braid now, sealed and written to {file}:\n")
    _draw(transcript)
    answer(f"\n4. Anyone can check that file, offline: braid verify {file}")
    answer("")
    good = verify(transcript, Policy(), pinned, logs=[log])
    answer_report(str(file), good, pinned)
    changed, node = change_one_byte(transcript)
    answer(f"\n5. In a copy of it, one byte of node {node} is changed:")
    answer("")
    bad = verify(changed, Policy(), pinned, logs=[log])
    answer_report("the changed copy", bad, pinned)
    if good.result is not Result.VERIFIED or not _found(bad, node):
        raise Problem("the demo did not go as told; this is a bug", code=1)
    return 0


def _record() -> tuple[bytes, str, str]:
    """Hold the conversation through the proxy; gives the transcript, the root's key and the log's."""
    from braid_clients.demo_talk import converse
    from braid_server import service

    with tempfile.TemporaryDirectory(prefix="braid-demo-") as folder, scripted_provider() as there:
        settings = service.Settings(
            db=str(Path(folder) / "braid.db"),
            root_key=own_root_key(),
            wrapping_key=paths.wrapping_key_file(os.environ),
            upstream_anthropic=there,
            port=0,
        )
        with service.running(settings) as url:
            answer(f"1. A scripted provider answers at {there}, the proxy in front of it at {url}.")
            answer("2. The anthropic SDK talks to it through the proxy:")
            braid = converse(url, lambda line: answer(f"     {line}"))
        root = public_key(settings.root_key)
        pin(root)
        log = pin_log(settings.db, passing=True)
        with service.library(settings) as library:
            asyncio.run(library.seal(braid))
            return b"".join(library.transcript(braid)), root, log


def _folder() -> Path:
    here = Path(".")
    return here if os.access(here, os.W_OK) else Path(tempfile.mkdtemp(prefix="braid-demo-"))


def _draw(transcript: bytes) -> None:
    reader = TranscriptReader(transcript)
    drawing = Drawing(width(), not speaks_unicode())
    answer_styled(draw(reader.braid or "", _nodes(reader), drawing))


def _nodes(reader: TranscriptReader) -> Iterator[StoredNode]:
    return (entry.node for entry in reader if entry.node is not None)


def change_one_byte(transcript: bytes) -> tuple[bytes, int]:
    """Change one letter of the first text a provider said; gives the copy and the node's seq."""
    for node in _nodes(TranscriptReader(transcript)):
        header = read_header(node.h)
        if header.kind is Kind.TEXT and header.origin is Origin.PROVIDER and node.opened:
            # Members stand in the order of their names, so the text follows the signature.
            start = transcript.index(b'"s":"%b"' % node.s.encode("ascii"))
            letter = _LETTER.search(transcript, transcript.index(b'"text":"', start) + 8)
            if letter is not None:
                other = b"X" if letter[0] != b"X" else b"Y"
                at = letter.start()
                return transcript[:at] + other + transcript[at + 1 :], header.seq
    raise Problem("the demo recorded no text of the provider; this is a bug", code=1)


def _found(report: Report, node: int) -> bool:
    return report.result is Result.FAILED and report.findings[0].node == node
