"""`braid redact`: a copy without some words, that verifies, says so, and lets nobody guess them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from braid.encoding import encode
from braid.node import Kind, Origin
from braid.transcript import TranscriptReader
from braid_verifier import Answer, ClaimName, Report, Result, verify
from braid_verifier.erasure import Erasure, plan
from fakes.braids import Braid, sealed_conversation
from fakes.desk import ROOT, Desk, write_keys
from fakes.guesser import CODE, confirmed, first, second, secret


@pytest.fixture
def talk(home: Any) -> Path:
    """A conversation, really recorded, in which a code is said and sent back."""
    with Desk(home.folder) as desk:
        call = desk.turn(first(CODE), secret(CODE))
        desk.turn(second(CODE), "I will not say.")
        desk.seal(call.braid)
        path: Path = home.folder / "talk.braid.json"
        path.write_bytes(desk.transcript(call.braid))
    write_keys(home.folder)
    return path


def judged(path: Path) -> Report:
    return verify(path.read_bytes(), roots=[encode(ROOT.key)])


def test_every_node_with_the_words_goes_and_the_copy_verifies(home: Any, talk: Path) -> None:
    ran = home.braid("redact", talk, "--match", f"{CODE:04d}", "-o", "out.json")
    assert ran.returncode == 0, ran.stderr
    report = judged(home.folder / "out.json")
    assert report.result is Result.VERIFIED
    assert report.claims[ClaimName.SEALED].answer is Answer.YES
    assert report.claims[ClaimName.ERASED].answer is Answer.YES
    assert "W_BSALT" not in {found.code for found in report.findings}
    said = {found.node for found in report.findings if found.code == "N_ERASED"}
    assert f"{len(said)} nodes erased: 1 params, 1 prompt, 1 text" in ran.stdout
    assert (
        "nodes " + ", ".join(map(str, sorted(node for node in said if node is not None)))
        in ran.stdout
    )
    assert f"{CODE:04d}".encode() in talk.read_bytes()
    kept = (home.folder / "out.json").read_text()
    assert not any(words in kept for words in (secret(CODE), f"Is {CODE}", f"user-{CODE}"))


def test_a_code_of_four_digits_cannot_be_guessed_from_what_is_kept(home: Any, talk: Path) -> None:
    assert confirmed(talk.read_bytes())
    ran = home.braid("redact", talk, "--match", f"{CODE:04d}", "-o", "out.json")
    assert ran.returncode == 0
    assert not confirmed((home.folder / "out.json").read_bytes())


def test_a_body_salt_that_stayed_would_let_it_be_guessed(home: Any, talk: Path) -> None:
    """So that the test above can fail: it is the salts that make the difference."""
    home.braid("redact", talk, "--match", f"{CODE:04d}", "-o", "out.json")
    whole, copy = (json.loads(p.read_bytes()) for p in (talk, home.folder / "out.json"))
    salted = [i for i, node in enumerate(whole["nodes"]) if "bsalt" in node]
    assert salted and not any("bsalt" in copy["nodes"][i] for i in salted)
    for index in salted[:3]:
        copy["nodes"][index]["bsalt"] = whole["nodes"][index]["bsalt"]
        assert confirmed(json.dumps(copy).encode())
        del copy["nodes"][index]["bsalt"]


def test_a_notice_is_a_braid_under_the_same_root_that_names_the_nodes(
    home: Any, talk: Path
) -> None:
    ran = home.braid(
        "redact", talk, "--kind", "prompt", "-o", "out.jsonl", "--notice", "notice.json",
        "--reason", "asked by the user", "--root-key", home.folder / "root.key",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    notice = home.folder / "notice.json"
    report = judged(notice)
    assert report.result is Result.VERIFIED
    assert report.claims[ClaimName.SEALED].answer is Answer.YES
    file, out = (
        json.loads(notice.read_bytes()),
        TranscriptReader((home.folder / "out.jsonl").read_bytes()),
    )
    header = json.loads(file["nodes"][0]["h"])
    erased = [entry.node.s for entry in out if entry.node and entry.node.opened is None]
    assert [link["node"] for link in header["link"]] == erased and len(erased) == 2
    assert {link["rel"] for link in header["link"]} == {"audits"}
    assert {link["braid"] for link in header["link"]} == {out.braid}
    said = json.loads(file["nodes"][0]["text"])
    assert said == {"erased": 2, "reason": "asked by the user"}


def test_a_notice_under_another_root_is_refused_before_anything_is_written(
    home: Any, talk: Path
) -> None:
    home.braid("keys", "init")
    ran = home.braid("redact", talk, "--kind", "prompt", "-o", "out.json", "--notice", "n.json")
    assert ran.returncode == 2 and "another root" in ran.stderr
    assert "--root-key FILE" in ran.stderr
    assert not (home.folder / "out.json").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "say which words"),
        (["--match", "no such words"], "no words that can be erased fit"),
        (["--match", "("], "not a regular expression"),
        (["--node", "999"], "no such node"),
        (["--node", "AAAAAAAAAAAA"], "no such node"),
        (["--node", "abc"], "8 or more characters"),
        (["--kind", "seal"], "invalid value"),
        (["--node", "2"], "are not erased"),
    ],
)
def test_what_cannot_be_erased_is_said_and_nothing_is_written(
    home: Any, talk: Path, options: list[str], said: str
) -> None:
    ran = home.braid("redact", talk, *options, "-o", "out.json")
    assert ran.returncode == 2 and said in ran.stderr, ran.stderr
    assert not (home.folder / "out.json").exists()


def test_the_original_is_not_written_over(home: Any, talk: Path) -> None:
    before = talk.read_bytes()
    for output in (talk, talk.parent / "." / talk.name):
        ran = home.braid("redact", str(talk), "--kind", "prompt", "-o", str(output))
        assert ran.returncode == 2 and "is the original itself" in ran.stderr
    assert talk.read_bytes() == before


def test_a_file_that_does_not_verify_is_not_redacted(home: Any, talk: Path) -> None:
    talk.write_bytes(talk.read_bytes().replace(b"prime?", b"PRIME?"))
    ran = home.braid("redact", talk, "--kind", "prompt", "-o", "out.json")
    assert ran.returncode == 2 and "E_COMMIT" in ran.stderr
    assert not (home.folder / "out.json").exists()


def test_a_file_that_carries_its_revocation_is_redacted_and_goes_on_saying_so(
    home: Any, talk: Path
) -> None:
    revoked = ("keys", "revoke", ROOT.text, "--reason", "stolen")
    said = home.braid(*revoked, "--root-key", home.folder / "root.key").stdout
    whole = json.loads(talk.read_bytes())
    whole["proofs"] = [*whole.get("proofs", ()), json.loads(said)]
    talk.write_text(json.dumps(whole))
    assert {found.code for found in judged(talk).findings} >= {"E_REVOKED"}
    ran = home.braid("redact", talk, "--match", f"{CODE:04d}", "-o", "out.json")
    assert ran.returncode == 0 and "its key was revoked" in ran.stderr, ran.stderr
    report = judged(home.folder / "out.json")
    failures = [found.code for found in report.findings if found.code.startswith("E_")]
    assert failures == ["E_REVOKED"] and report.claims[ClaimName.ERASED].answer is Answer.YES
    assert f"{CODE:04d}" not in (home.folder / "out.json").read_text()
    whole["nodes"][0]["text"] += "!"
    talk.write_text(json.dumps(whole))
    ran = home.braid("redact", talk, "--match", f"{CODE:04d}", "-o", "more.json")
    assert ran.returncode == 2 and "is not redacted" in ran.stderr
    assert not (home.folder / "more.json").exists()


def test_nodes_are_named_by_number_or_signature_and_the_copy_goes_to_stdout(
    home: Any, talk: Path
) -> None:
    signature = json.loads(talk.read_bytes())["nodes"][0]["s"]
    one = home.braid("redact", talk, "--node", "0", "-o", "-")
    two = home.braid("redact", "-", f"--node={signature[:12]}", "-o", "-", stdin=talk.read_bytes())
    assert one.returncode == two.returncode == 0 and one.stdout == two.stdout
    assert "1 node erased: 1 prompt" in one.stderr


# --- what goes along, on braids told by hand


def erasing(told: Braid, *signatures: str) -> Erasure:
    return plan(told.nodes, lambda _, __, node: node.s in signatures)


def test_parts_spellings_flags_and_annotations_go_along() -> None:
    told = Braid()
    one = told.add(Kind.PROMPT, Origin.CLIENT, b"a", attrs=b'{"part":1,"parts":2}')
    two = told.add(Kind.PROMPT, Origin.CLIENT, b"b", attrs=b'{"part":2,"parts":2}')
    attrs = json.dumps({"variant_of": one}).encode()
    three = told.add(Kind.PROMPT, Origin.CLIENT, b"a b", attrs=attrs)
    other = told.add(Kind.PROMPT, Origin.CLIENT, b"c")
    flag = told.add(Kind.FLAG, Origin.PROXY, b"{}", about=[three])
    note = told.add(Kind.ANNOTATION, Origin.MONITOR, b"hm", about=[flag])
    about_other = told.add(Kind.FLAG, Origin.PROXY, b"{}", about=[other])
    gone = set(erasing(told, two).nodes.values())
    assert gone == {one, two, three, flag, note}
    assert set(erasing(told, other).nodes.values()) == {other, about_other}


def test_what_stands_beside_an_answer_goes_with_words_that_it_may_repeat() -> None:
    told = Braid()
    system, prompt = told.system("The code is 4711."), told.prompt("Say it.")
    call = told.call()
    said = told.text("4711")
    tokens = told.add(Kind.OTHER, Origin.PROVIDER, b'["47","11"]')
    shown = told.answer(Kind.OTHER, "a block of an unknown kind")
    last = told.last
    echo = told.add(Kind.OTHER, Origin.CLIENT, b"x", attrs=b'{"part":1,"parts":2}', prev=[call])
    more = told.add(Kind.OTHER, Origin.CLIENT, b"y", attrs=b'{"part":2,"parts":2}')
    told.end(prev=[last])
    elsewhere = told.prompt("And now?")
    told.call()
    told.text("Nothing.")
    beside = told.add(Kind.OTHER, Origin.PROVIDER, b"{}")
    told.end()
    own = {tokens, echo, more}
    # Later answers may repeat what their requests show, an earlier one nothing that came after it.
    assert set(erasing(told, said).nodes.values()) == {said, beside, *own}
    assert set(erasing(told, system).nodes.values()) == {system, beside, *own}
    assert set(erasing(told, prompt).nodes.values()) == {prompt, beside, *own}
    assert set(erasing(told, elsewhere).nodes.values()) == {elsewhere, beside}
    # What a later request showed is a block of the answer, whatever its kind.
    assert shown not in erasing(told, system).nodes.values()


def test_words_are_found_where_the_parts_of_a_block_meet(home: Any) -> None:
    told = Braid()
    for number, words in enumerate((b"the code is 47", b"1", b"1, keep it"), 1):
        attrs = json.dumps({"part": number, "parts": 3}).encode()
        told.add(Kind.PROMPT, Origin.CLIENT, words, attrs=attrs)
    told.prompt("47")
    told.prompt("11")
    told.seal()
    path = home.folder / "parts.json"
    path.write_bytes(told.transcript())
    ran = home.braid("redact", path, "--match", "4711", "-o", "out.json")
    assert ran.returncode == 0 and "nodes 0, 1, 2\n" in ran.stdout, ran.stderr


def test_the_digest_of_an_imported_file_goes_with_the_first_word() -> None:
    told = Braid()
    told.add(Kind.OTHER, Origin.CLIENT, b"{}", attrs=b'{"type":"import"}')
    source = told.add(Kind.OTHER, Origin.CLIENT, b"{}", attrs=b'{"type":"import_source"}')
    word = told.prompt("hello")
    assert set(erasing(told, word).nodes.values()) == {source, word}


def test_body_salts_go_of_calls_that_held_the_words_and_of_no_other() -> None:
    told = sealed_conversation()
    calls = [i for i, n in enumerate(told.nodes) if n.bsalt is not None]
    last = max(i for i, n in enumerate(told.nodes) if '"kind":"text"' in n.h)
    assert erasing(told, told.nodes[last].s).bsalts == {calls[-1]}
    assert erasing(told, told.nodes[0].s).bsalts == set(calls)
    assert erasing(told).bsalts == set() and not erasing(told).nodes


def test_erasing_twice_is_erasing_both() -> None:
    told = sealed_conversation()
    words = [n.s for n in told.nodes if '"kind":"text"' in n.h]
    once = erasing(told, *words)
    step = erasing(told, words[0])
    told.nodes = [step.apply(i, node) for i, node in enumerate(told.nodes)]
    step = erasing(told, *words[1:])
    told.nodes = [step.apply(i, node) for i, node in enumerate(told.nodes)]
    assert [i for i, n in enumerate(told.nodes) if n.opened is None] == list(once.nodes)
    assert verify(told.transcript(), roots=[told.pin]).result is Result.VERIFIED
