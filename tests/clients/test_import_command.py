"""`braid import iolite`: a file judged and wrapped, so that no forgery it admitted passes any more."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from braid.transcript import TranscriptReader
from braid_verifier import Answer, ClaimName, Policy, Report, Result, verify
from fakes.iolite import talk

SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
NAMES = ["examples-3.json", "dreams-Elevators-bothHydrated-v2-0006.debate", "raw", "b64"]


def file_named(name: str, request: pytest.FixtureRequest) -> bytes:
    if name in ("raw", "b64"):
        return talk(base64_signed=name == "b64").write()
    shared: Path = request.getfixturevalue("shared")
    return (shared / "iolite" / name).read_bytes()


@pytest.fixture(params=NAMES)
def wrapped(request: pytest.FixtureRequest, home: Any) -> tuple[dict[str, Any], str]:
    """Give a wrapped file as JSON, and the root it is signed under."""
    source = home.folder / "talk.debate"
    source.write_bytes(file_named(request.param, request))
    ran = home.braid("import", "iolite", source)
    assert ran.returncode == 0, ran.stderr
    root = home.braid("keys", "show").stdout.strip()
    return json.loads((home.folder / "talk.debate.braid.json").read_bytes()), root


def report_of(file: dict[str, Any], root: str) -> Report:
    return verify(json.dumps(file).encode(), Policy(require={"sealed"}), [root])


def records(file: dict[str, Any]) -> list[int]:
    """Positions of the nodes that are records, which stand between the import's own and the seal."""
    return list(range(2, len(file["nodes"]) - 1))


def test_a_wrapped_file_is_verified_sealed_and_says_where_it_is_from(
    wrapped: tuple[dict[str, Any], str],
) -> None:
    file, root = wrapped
    report = report_of(file, root)
    assert report.result is Result.VERIFIED and report.claims[ClaimName.SEALED].answer is Answer.YES
    headers = [json.loads(node["h"]) for node in file["nodes"]]
    assert {header["origin"] for header in headers[:-1]} == {"client"}
    origin = json.loads(file["nodes"][0]["text"])
    assert (origin["format"], origin["name"]) == ("iolite", "talk.debate")
    assert origin["judgement"]["records"] == len(records(file))
    source = json.loads(file["nodes"][1]["text"])
    assert set(source) == {"bytes", "sha256"}
    fits = {
        json.loads(file["nodes"][i]["attrs"])["iolite"]["signature_fits"] for i in records(file)
    }
    assert fits <= {"raw", "b64"}


def relabel(file: dict[str, Any]) -> None:
    for i in records(file):
        node = file["nodes"][i]
        kind = json.loads(node["h"])["kind"]
        node["h"] = node["h"].replace(f'"kind":"{kind}"', '"kind":"system"')


def mark_as_shadow(file: dict[str, Any]) -> None:
    for i in records(file):
        node = file["nodes"][i]
        attrs = json.loads(node["attrs"])
        attrs["iolite"]["is_shadow"] = True
        node["attrs"] = json.dumps(attrs)


def show_another(file: dict[str, Any]) -> None:
    file["nodes"][2]["text"] = "Something else."


def show_another_beside(file: dict[str, Any]) -> None:
    file["nodes"][2]["b64"] = "U29tZXRoaW5nIGVsc2Uu"


def repeat(file: dict[str, Any]) -> None:
    file["nodes"].insert(-1, file["nodes"][-2])


def repeat_spelled_otherwise(file: dict[str, Any]) -> None:
    node = dict(file["nodes"][-2])
    node["s"] = node["s"][:-1] + SAFE[SAFE.index(node["s"][-1]) | 1]
    file["nodes"].insert(-1, node)


def swallow_prev(file: dict[str, Any]) -> None:
    node = file["nodes"][2]
    header = json.loads(node["h"])
    node["text"] += header["prev"][0]
    header["prev"] = []
    node["h"] = json.dumps(header, sort_keys=True, separators=(",", ":"))


def drop_the_last(file: dict[str, Any]) -> None:
    del file["nodes"][-2]


def move_to_another_model(file: dict[str, Any]) -> None:
    node = file["nodes"][2]
    attrs = json.loads(node["attrs"])
    place = attrs["iolite"]["place"]
    assert isinstance(place, str)
    node["attrs"] = node["attrs"].replace(place, place + "x", 1)


def change_what_stands_beside(file: dict[str, Any]) -> None:
    node = file["nodes"][0]
    said = json.loads(node["text"])
    assert "beside" in said
    node["text"] = json.dumps({**said, "beside": {"Source": "another"}})


def vouch_for_it(file: dict[str, Any]) -> None:
    node = file["nodes"][0]
    said = json.loads(node["text"])
    said["judgement"]["result"] = "valid, all of it"
    node["text"] = json.dumps(said)


@pytest.mark.parametrize(
    ("forge", "codes"),
    [
        (move_to_another_model, {"E_COMMIT"}),
        (change_what_stands_beside, {"E_COMMIT"}),
        (vouch_for_it, {"E_COMMIT"}),
        (relabel, {"E_SIG"}),
        (mark_as_shadow, {"E_COMMIT"}),
        (show_another, {"E_COMMIT"}),
        (show_another_beside, {"E_JSON"}),
        (repeat, {"E_DUP", "E_SEQ"}),
        (repeat_spelled_otherwise, {"E_ENC"}),
        (swallow_prev, {"E_SIG"}),
        (drop_the_last, {"E_SEQ"}),
    ],
)
def test_each_forgery_the_original_admits_fails_once_wrapped(
    wrapped: tuple[dict[str, Any], str], forge: Callable[[dict[str, Any]], None], codes: set[str]
) -> None:
    file, root = wrapped
    forge(file)
    report = report_of(file, root)
    assert report.result is Result.FAILED
    first = report.findings[0].check
    assert {found.code for found in report.findings if found.check == first} == codes


def test_dropping_the_end_and_the_seal_leaves_no_seal(wrapped: tuple[dict[str, Any], str]) -> None:
    file, root = wrapped
    del file["nodes"][-2:]
    report = report_of(file, root)
    assert report.result is Result.UNMET
    assert report.claims[ClaimName.SEALED].answer is Answer.NO


def test_a_text_shown_beside_the_signed_one_is_kept_and_the_signed_one_is_the_content(
    home: Any,
) -> None:
    told = talk()
    told.file["AllTexts"]["claude"][0]["data"] = "3 is greater."
    (home.folder / "forged").write_bytes(told.write())
    ran = home.braid("import", "iolite", "forged", "-o", "out.jsonl")
    assert ran.returncode == 0
    assert "DIFFERS: data: readers show data, data_b64 is what was signed" in ran.stdout
    nodes = [entry.node for entry in TranscriptReader((home.folder / "out.jsonl").read_bytes())]
    (said,) = [n.opened for n in nodes if n and n.opened and n.opened.content == b"5 is greater."]
    assert json.loads(said.attrs)["iolite"]["shown"] == "3 is greater."


def test_a_repeated_an_orphaned_and_a_circular_record_are_all_kept(home: Any) -> None:
    told = talk()
    texts = told.file["AllTexts"]["claude"]
    texts.append(texts[0])
    told.add("text", "an orphan", "A" * 86)
    one = told.add("text", "one", texts[0]["signature"])
    two = told.add("text", "two", one["signature"])
    one["prev_signature"] = two["signature"]
    (home.folder / "odd").write_bytes(told.write())
    assert home.braid("import", "iolite", "odd").returncode == 0
    file = json.loads((home.folder / "odd.braid.json").read_bytes())
    root = home.braid("keys", "show").stdout.strip()
    assert report_of(file, root).result is Result.VERIFIED
    assert len(records(file)) == 9
    judgement = json.loads(file["nodes"][0]["text"])["judgement"]
    assert judgement["topology"]["cyclic"] and judgement["topology"]["orphans"]


def test_check_signs_and_writes_nothing(home: Any) -> None:
    (home.folder / "talk").write_bytes(talk().write())
    ran = home.braid("import", "iolite", "talk", "--check", "--json")
    assert ran.returncode == 0 and not ran.stderr
    assert json.loads(ran.stdout)["result"] == "valid"
    assert not home.data.exists() and not (home.folder / "talk.braid.json").exists()


def test_a_file_that_is_there_is_not_overwritten_unasked(home: Any) -> None:
    (home.folder / "talk").write_bytes(talk().write())
    target = home.folder / "talk.braid.json"
    target.write_bytes(b"mine")
    ran = home.braid("import", "iolite", "talk")
    assert ran.returncode == 2 and "is there already" in ran.stderr
    assert target.read_bytes() == b"mine"
    assert home.braid("import", "iolite", "talk", "-o", target).returncode == 0
    assert target.read_bytes() != b"mine"


def test_the_transcript_goes_to_stdout_and_the_judgement_elsewhere(home: Any) -> None:
    ran = home.braid("import", "iolite", "-", "-o", "-", stdin=talk().write())
    assert ran.returncode == 0 and "result       valid" in ran.stderr
    checked = home.braid("verify", "-", "--require", "sealed", stdin=ran.stdout.encode())
    assert checked.returncode == 0


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"../../examples/6.json", "not an iolite file: Expecting value at character 0"),
        (b'{"subject": "a dream"}', "nothing in it is signed"),
        (b'{"data": "a", "data": "b"}', "a name stands twice"),
        (b"[]", "expected an object"),
    ],
)
def test_what_is_none_of_its_files_is_refused_with_the_reason(
    home: Any, raw: bytes, said: str
) -> None:
    (home.folder / "odd").write_bytes(raw)
    ran = home.braid("import", "iolite", "odd")
    assert ran.returncode == 2 and said in ran.stderr
    assert not (home.folder / "odd.braid.json").exists()


def test_more_tails_than_a_seal_can_name_are_gathered(home: Any) -> None:
    told = talk()
    first = told.file["AllPrompts"]["claude"][0]["signature"]
    for number in range(150):
        told.add("text", f"text {number}", first)
    (home.folder / "wide").write_bytes(told.write())
    assert home.braid("import", "iolite", "wide").returncode == 0
    ran = home.braid("verify", "wide.braid.json", "--require", "sealed")
    assert ran.returncode == 0, ran.stdout
