"""Write the vectors and the worked example of SPEC §0: `python tests/vectors/make_vectors.py`.

Deterministic: running it rewrites exactly the files that are checked in. It follows SPEC
alone and shares no code with the package, so that the two can contradict each other.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from vectors import (
    closures,
    example,
    faults_attrs,
    faults_calls,
    faults_changed,
    faults_contents,
    faults_members,
    faults_moved,
    faults_nodes,
    faults_reading,
    faults_signing,
    honest,
    logs,
    revocations,
    rotations,
    table,
    timestamps,
)
from vectors.formulas import encode
from vectors.headers import headers
from vectors.honesty import honesty
from vectors.pieces import FILES
from vectors.weaver import ROOT

# Importing these fills the table; the index has them in this order.
CHAPTERS = (
    honest,
    faults_reading,
    faults_members,
    faults_signing,
    faults_changed,
    faults_nodes,
    faults_moved,
    faults_contents,
    faults_attrs,
    faults_calls,
    closures,
    rotations,
    revocations,
    logs,
    timestamps,
)
SPEC = HERE.parent.parent / "braid" / "SPEC.md"


def _rows(cases: list[dict[str, Any]]) -> bytes:
    """Write a list of cases, one a line, so that a change shows as one line."""
    lines = (json.dumps(case, sort_keys=False) for case in cases)
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode("utf-8")


def _index() -> bytes:
    head = json.dumps({"format": "braid-vectors/1", "root": encode(ROOT.public)})
    lines = []
    order = [chapter.__name__ for chapter in CHAPTERS]
    for vector in sorted(table.TABLE, key=lambda vector: order.index(vector.chapter)):
        case: dict[str, Any] = {
            "name": vector.name,
            "file": f"transcripts/{vector.file}",
            "section": vector.section,
            "comment": vector.comment,
            "result": vector.result,
            "failures": vector.failures,
            "first": vector.failures[0] if vector.failures else None,
        }
        if vector.also:
            case["also"] = vector.also
        if vector.statements:
            case["statements"] = vector.statements
        if vector.claims:
            case["claims"] = vector.claims
        case.update(vector.pins)
        lines.append(json.dumps(case, ensure_ascii=False))
    return (head[:-1] + ', "vectors": [\n' + ",\n".join(lines) + "\n]}\n").encode("utf-8")


def files() -> dict[str, bytes]:
    """Make every file, by its path below this folder."""
    made = {f"transcripts/{vector.file}": vector.raw for vector in table.TABLE}
    made["index.json"] = _index()
    made["headers.json"] = _rows(headers())
    made["honesty.json"] = _rows(honesty())
    made["statements.json"] = _rows(revocations.statements())
    for name, make in FILES.items():
        made[name] = _rows(make())
    return made


def main() -> None:
    made = files()
    for old in HERE.glob("transcripts/*"):
        if f"transcripts/{old.name}" not in made:
            old.unlink()
    (HERE / "transcripts").mkdir(exist_ok=True)
    for name, raw in made.items():
        (HERE / name).write_bytes(raw)
    SPEC.write_text(example.insert(SPEC.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
