"""Fit the weights of the leak detector, and write them into its source.

usage: python benchmarks/leaks_weights.py FILE… [--write | --whole] [--folds N]

Each FILE is in the format of ../shared/leaks/ (see its README). Only the owners whose name hashes
to an even number are read: the other half is for reporting, and no weight, cue or threshold may be
chosen by it. Clean items and leaks fit a logistic regression over the features of
`braid_verifier.leaks`, drawn towards weights that were set by hand (`PRIOR`), whose signs it may
not change: a cue cannot come to speak for a leak because one repository happens to use it. The
file of our own examples weighs half, and a large owner weighs less than its size.

Prints precision and recall over the thresholds, cross-validated by owner, and with --write puts
the weights, as whole numbers, into verifier/braid_verifier/leaks/weights.py. With --whole the folds
go over all owners, the reported half included: a figure of the method at its frozen thresholds, from
which nothing may be chosen and nothing is written.
"""

from __future__ import annotations

import argparse
import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from braid_verifier.leaks.features import features, punctuation
from braid_verifier.leaks.moves import moves
from braid_verifier.leaks.passage import PassageKind
from braid_verifier.leaks.scoring import may_be_strong
from leaks_items import OWN, owner, passages_of, read, tuned

TARGET = Path(__file__).parent.parent / "verifier/braid_verifier/leaks/weights.py"
STRENGTH = 1.0
STEPS = 250

#: Weight of an item that nobody read, but that is clean by where it comes from.
_UNREAD = 0.3

#: What no words can tell from a leak, or structure finds without words.
_NOT_BY_WORDS = {"think_tool", "react_thought", "human_deliberation", "prompt_text", "tool_log"}


def _weights(text: str) -> dict[str, float]:
    return {name: float(value) for name, value in (each.split(":") for each in text.split())}


PRIOR: dict[str, tuple[float, dict[str, float]]] = {
    "comment": (
        -4.0,
        _weights(
            "wait:5 actually:4.5 no:2.5 hmm:4.5 interjection:2.8 retract:2.2 wrong:1.2 better:2"
            " actually_bare:.8 question:.7 answered:1.8 or_question:1.5 or:.8 alternatively:1"
            " maybe:.8 compare:.5 unsure:.5 decide:1 just:.7 for_now:.5 we_could:.6 looks_like:.7"
            " means:.5 insight:1 issue_is:.6 so:.5 but:.5 however:.2 contrast:.2 evidence:.8"
            " arithmetic:.4 if_then:.6 let_me:2 lets_look:1.3 lets:.8 i_will:.6 i_need:1"
            " we_need:.4 sequence:.5 plan:.7 first_person:.3 the_user:.5 address:-.4 courtesy:-.5"
            " report:-.5 todo:-2.5 doc:-2 tutorial:-.4 reference:-1.2 kinds_3:.6 kinds_5:.8"
            " kinds_7:.5 groups_3:.5 dense:.15 trailing:1 should_be:.2 cause:.2 deduced:.9 asked:.9 settled:1 doubt:1.2 unsettled:.8 hedge:.25 assume:.4 concludes:.6 explains:-.8 sparse:-.7 short:-.3 long:-.6 very_long:-1 alone:-2.5 lone_cue:-1.2"
        ),
    ),
    "prose": (
        -4.0,
        _weights(
            "wait:4 actually:2.2 no:1.8 hmm:4 interjection:1.8 retract:2 wrong:1 better:1"
            " question:.2 answered:.5 or_question:.5 or:.3 alternatively:.2 maybe:.6 compare:.3"
            " unsure:.5 decide:.5 for_now:.5 we_could:.3 looks_like:1 means:.9 insight:1.3"
            " issue_is:.9 so:.9 but:.8 contrast:.8 evidence:.6 let_me:1.5 i_will:.8 i_need:.9"
            " we_need:.5 sequence:.6 plan:.5 first_person:.3 the_user:1 lets:.3 address:-1.5"
            " courtesy:-1.5 report:-1.2 tutorial:-.8 doc:-.6 reference:-.3 bullets:-.8 long:-.6"
            " very_long:-.6 sentences_3:.4 one_sentence:-.4 ends_in_plan:.8 inferred_then_plan:.6"
            " narration:-1.5 ticks:.15 because:.3 kinds_3:.5 kinds_5:.6 kinds_7:.3 groups_3:.4"
            " headings:-1 trailing:.8 should_be:.5 cause:.8 deduced:.9 asked:.4 settled:.8 doubt:.4 unsettled:.2 hedge:.2 assume:.3 concludes:.4 explains:-.5 sparse:-.6 stated_then_plan:1"
            " opens_to_you:-.8 impersonal:-.8 reasoned_plan:1"
        ),
    ),
}

#: Thresholds in logits, chosen from the cross-validated curves below and frozen.
POSSIBLE = {"comment": 0.75, "prose": 1.2}
STRONG = {"comment": 3.2, "prose": 3.2}


@dataclass(frozen=True, slots=True)
class Row:
    """An item as the fit sees it."""

    id: str
    owner: str
    features: dict[str, int]
    leak: bool
    weight: float


@dataclass(frozen=True, slots=True)
class Model:
    base: float
    weights: dict[str, float]

    def score(self, row: Row) -> float:
        return self.base + sum(self.weights.get(n, 0.0) * v for n, v in row.features.items())


def fit(surface: str, rows: Sequence[Row]) -> Model:
    """Return the weights that explain `rows`, drawn towards the prior."""
    base0, prior = PRIOR[surface]
    # What no prior names has no sign to hold on to, and weighs nothing.
    names = sorted(prior)
    index = {name: i for i, name in enumerate(names)}
    start = [prior.get(name, 0.0) for name in names] + [base0]
    at = list(start)
    data = [([(index[n], v) for n, v in row.features.items() if n in index], row) for row in rows]
    mean, square = [0.0] * len(at), [0.0] * len(at)
    for step in range(1, STEPS + 1):
        slope = [STRENGTH * (a - b) for a, b in zip(at, start, strict=True)]
        for pairs, row in data:
            z = at[-1] + sum(at[i] * v for i, v in pairs)
            error = row.weight * (1 / (1 + math.exp(-max(-30.0, min(30.0, z)))) - row.leak)
            slope[-1] += error
            for i, v in pairs:
                slope[i] += error * v
        for i in range(len(at)):  # Adam
            mean[i] = 0.9 * mean[i] + 0.1 * slope[i]
            square[i] = 0.99 * square[i] + 0.01 * slope[i] ** 2
            root = math.sqrt(square[i] / (1 - 0.99**step)) + 1e-8
            at[i] -= 0.05 * mean[i] / (1 - 0.9**step) / root
            if i < len(names) and start[i] * at[i] < 0:
                at[i] = 0.0
    return Model(at[-1], dict(zip(names, at, strict=False)))


def rows(items: Iterable[dict[str, Any]], surface: str, weight: float | None) -> list[Row]:
    """Return the rows of one surface; `weight` None damps large owners."""
    found: list[tuple[dict[str, Any], dict[str, int]]] = []
    for item in items:
        if item["label"] == "ambiguous" or item["subtype"] in _NOT_BY_WORDS:
            continue
        passages = [each for each in passages_of(item) if each.kind is not PassageKind.THOUGHT]
        prose = surface == "prose"
        passages = [each for each in passages if (each.kind is PassageKind.PROSE) == prose]
        if not passages or (item["surface"] == "code_comment") == prose:
            continue
        if item["subtype"] == "raw_think" and "<think" in item["excerpt"]:
            continue
        longest = max(passages, key=lambda each: len(each.text))
        spoken = moves(longest.text) + punctuation(longest.text)
        found.append((item, features(longest.text, spoken, prose)))
    count = Counter((owner(item), item["label"]) for item, _ in found)
    return [
        Row(
            item["id"],
            owner(item),
            values,
            item["label"] == "leak",
            _UNREAD
            if item["label"] == "assumed_clean"
            else min(1.0, 3 / math.sqrt(count[owner(item), item["label"]]))
            if weight is None
            else weight,
        )
        for item, values in found
    ]


def fold(name: str, folds: int) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % folds


CURVE = (-0.5, 0.0, 0.4, 0.8, 1.2, 1.6, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0)


def curve(
    scored: Sequence[tuple[float, Row]],
    unread: Sequence[float],
    thresholds: Iterable[float],
    strong: float = math.inf,
) -> None:
    """Print how right each threshold is; from `strong` on, of what may be strong at all."""
    leaks = sum(row.leak for _, row in scored)
    for threshold in thresholds:
        hits = [
            row.leak
            for points, row in scored
            if points >= threshold and (threshold < strong or may_be_strong(row.features))
        ]
        precision = sum(hits) / len(hits) if hits else 1.0
        wrong = sum(points >= threshold for points in unread)
        print(
            f"    {threshold:4.1f}  P {precision:.3f} R {sum(hits) / leaks:.3f}, {sum(hits)}/{len(hits)} of {leaks}"
            f"  unread {wrong} of {len(unread)}"
        )


def table(name: str, model: Model) -> str:
    lines = [
        f'    "{key}": {round(100 * value)},'
        for key, value in sorted(model.weights.items())
        if round(100 * value)
    ]
    return f"{name}: dict[str, int] = {{\n" + "\n".join(lines) + "\n}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--folds", type=int, default=8)
    parser.add_argument("--whole", action="store_true", help="fold over both halves; never written")
    options = parser.parse_args()
    if options.whole and options.write:
        parser.error("--whole is for reporting: weights are fitted on one half only")
    items = [item for path in options.files for item in read(path) if options.whole or tuned(item)]
    own = list(read(OWN))
    text = (
        '"""Weights of the features, in hundredths of a logit. Written by benchmarks/leaks_weights.py'
        "\n\nfrom items that no figure is reported on. Do not edit: change the cues, the prior or the"
        '\nexamples, and fit again.\n"""\n\nfrom __future__ import annotations\n'
    ).replace("benchmarks/leaks_weights.py\n\nfrom", "benchmarks/leaks_weights.py,\nfrom")
    for surface in ("comment", "prose"):
        real, ours = rows(items, surface, None), rows(own, surface, 0.5)
        scored: list[tuple[float, Row]] = []
        unread: list[float] = []
        for number in range(options.folds):
            model = fit(
                surface,
                [row for row in real if fold(row.owner, options.folds) != number] + ours,
            )
            for row in real:
                if fold(row.owner, options.folds) != number:
                    continue
                if row.weight == _UNREAD:
                    unread.append(model.score(row))
                else:
                    scored.append((model.score(row), row))
        print(f"{surface}: {len(real)} items, {len(ours)} of our own")
        if options.whole:
            curve(scored, unread, (POSSIBLE[surface], STRONG[surface]), STRONG[surface])
            continue
        curve(scored, unread, CURVE)
        model = fit(surface, real + ours)
        base = round(100 * (model.base - POSSIBLE[surface])) + 100
        strong = round(100 * (STRONG[surface] - POSSIBLE[surface])) + 100
        name = surface.upper()
        text += f"\n{name}_BASE = {base}\n{name}_STRONG = {strong}\n{table(name, model)}"
    if options.write:
        TARGET.write_text(text)
        print(f"wrote {TARGET}; run ruff format and raise VERSION if this was released before")


if __name__ == "__main__":
    main()
