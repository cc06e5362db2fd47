"""`braid timestamp`: have an authority sign by when it saw a transcript's seal (SPEC §11.8)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import click
import httpx
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

from braid.encoding import decode, write_time
from braid.errors import Malformed
from braid.signing import SIGNATURE_BYTES
from braid.strict_json import Json
from braid.timestamp import MAX_RESPONSE, MAX_TIMESTAMPS, PROOF_TYPE, write_timestamp
from braid.transcript import MAX_TRANSCRIPT, Layout, StoredNode, TranscriptReader, write_transcript
from braid_clients.cli.own_file import copy_option
from braid_clients.cli.parties import authorities_of
from braid_clients.cli.store import write_whole
from braid_clients.cli.terminal import answer, answer_bytes, input_file, say
from braid_clients.problem import Problem
from braid_verifier import Answer, ClaimName, Policy, Result, verify

_QUERY = "application/timestamp-query"
_SECONDS = 30.0


@click.command("timestamp")
@click.argument("file", metavar="FILE|-")
@click.option("--tsa", required=True, metavar="URL", help="The authority's address (RFC 3161).")
@click.option(
    "--authority",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="PEM file with the root certificate of the authority; its answer is checked under it.",
)
@copy_option
def timestamp(file: str, tsa: str, authority: Path, output: str) -> None:
    """Write a copy of a sealed transcript with a timestamp over its seal.

    The authority learns a digest of the seal's signature, nothing else. Later,
    braid verify --authority FILE --require timestamped asks for it.
    """
    authorities = authorities_of([authority])
    with input_file(file) as opened:
        source = io.BytesIO(opened.read(MAX_TRANSCRIPT + 1))
    report = verify(source, Policy(allow_unknown_signer=True))
    if report.result is not Result.VERIFIED:
        raise Problem(f"{file}: {report.summary()}", "what does not verify is not stamped")
    if report.claims[ClaimName.SEALED].answer is not Answer.YES:
        raise Problem(
            f"{file}: expected a sealed braid",
            "what is still open has nothing that one timestamp could be over: braid seal ID",
        )
    source.seek(0)
    reader = TranscriptReader(source)
    nodes = list(_nodes(reader))
    if sum(_is_timestamp(each) for each in reader.proofs) >= MAX_TIMESTAMPS:
        raise Problem(f"{file}: has {MAX_TIMESTAMPS} timestamps, and a transcript holds no more")
    seal = decode(nodes[-1].s, "seal", SIGNATURE_BYTES)
    response = _stamp(tsa, seal)
    try:
        time = authorities.time_of(response, seal)
    except Malformed as fault:
        raise Problem(f"--tsa {tsa}: {fault}") from fault
    if time is None:
        raise Problem(
            f"--tsa {tsa}: its answer does not verify under the certificates of {authority}",
            "expected the root of the authority's chain, and the authority's own certificate "
            "in its answer",
        )
    layout = Layout.LINES if output.endswith(".jsonl") else reader.layout
    proofs = [*reader.proofs, write_timestamp(response)]
    assert reader.braid is not None
    pieces = write_transcript(reader.braid, reader.certificate, nodes, proofs, layout)
    if output == "-":
        answer_bytes(pieces)
    else:
        write_whole(Path(output), pieces)
    (say if output == "-" else answer)(f"the seal was seen by {write_time(time)}")
    if output != "-":
        say(
            f"written: {output}",
            f"check it: braid verify --authority {authority} --require timestamped {output}",
        )


def _is_timestamp(proof: Json) -> bool:
    return isinstance(proof, dict) and proof["type"] == PROOF_TYPE


def _nodes(reader: TranscriptReader) -> Iterator[StoredNode]:
    for entry in reader:
        assert entry.node is not None  # it verified
        yield entry.node


def _stamp(url: str, message: bytes) -> bytes:
    """Ask an authority; gives its response, which speaks of this message and this request."""
    request = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256).build()
    try:
        with (
            httpx.Client(timeout=_SECONDS) as client,
            client.stream(
                "POST", url, content=request.as_bytes(), headers={"content-type": _QUERY}
            ) as reply,
        ):
            if reply.status_code != 200:
                raise Problem(f"--tsa {url}: expected status 200, got {reply.status_code}")
            response = b""
            for piece in reply.iter_bytes():
                response += piece
                if len(response) > MAX_RESPONSE:
                    raise Problem(f"--tsa {url}: expected at most {MAX_RESPONSE} bytes")
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as fault:
        raise Problem(f"--tsa {url}: no answer: {fault or type(fault).__name__}") from fault
    try:
        nonce = decode_timestamp_response(response).tst_info.nonce
    except (ValueError, TypeError) as fault:
        raise Problem(f"--tsa {url}: what it answered is no timestamp") from fault
    if nonce != request.nonce:
        raise Problem(f"--tsa {url}: its answer is to another request")
    return response
