"""What the leak detector finds and what it falsely accuses, on labelled items.

usage: python benchmarks/leaks.py FILE… [--half tune|report] [--findings OUT.jsonl] [--misses]

Each FILE is in the format of ../shared/leaks/ (its README has fields and rubric). Every figure
stands with its counts and a 95 % interval from resampling the owners of repositories, because items
of one owner resemble each other. Ambiguous items count for nothing but their own line, and
deliberation by humans, which no words can tell from a leak, is a line of its own as well.

--findings writes one line an item: {"id", "findings": [{"start", "end", "class", "tier", "score"}]}
with offsets in the excerpt. --half restricts to the owners that weights were fitted on, or to the
others (benchmarks/leaks_weights.py).
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from braid_verifier.leaks.detection import judge
from braid_verifier.leaks.finding import COVERING, VERSION, Finding, Tier
from leaks_items import owner, passages_of, read, scored, tuned

RESAMPLES = 1_000
#: Items smaller than this say more about the cost of a call than about the cost of a kB.
COSTED_BYTES = 500


@dataclass(frozen=True, slots=True)
class Judged:
    """An item and what the detector said of it."""

    item: dict[str, Any]
    findings: tuple[Finding, ...]

    @property
    def flagged(self) -> bool:
        return any(each.counts for each in self.findings)

    @property
    def strong(self) -> bool:
        return any(each.counts and each.tier is Tier.STRONG for each in self.findings)

    @property
    def leak(self) -> bool:
        return bool(self.item["label"] == "leak")

    def has(self, **fields: object) -> bool:
        return all(self.item.get(name) == value for name, value in fields.items())


Ratio = tuple[float, float]


def by_owner(
    items: Sequence[Judged], ratio: Callable[[Sequence[Judged]], Ratio]
) -> tuple[str, Ratio]:
    """Return a figure with its interval, and its counts."""
    above, below = ratio(items)
    if not below:
        return "      -                 ", (above, below)
    groups: dict[str, Ratio] = {}
    split: dict[str, list[Judged]] = defaultdict(list)
    for each in items:
        split[owner(each.item)].append(each)
    groups = {name: ratio(some) for name, some in split.items()}
    drawn = random.Random(20_261_120)
    names = sorted(groups)
    seen: list[float] = []
    for _ in range(RESAMPLES):
        sample = [groups[name] for name in drawn.choices(names, k=len(names))]
        total = sum(b for _, b in sample)
        if total:
            seen.append(sum(a for a, _ in sample) / total)
    seen.sort()
    low, high = seen[int(0.025 * len(seen))], seen[min(len(seen) - 1, int(0.975 * len(seen)))]
    return f"{above / below:7.3f} [{low:5.3f}, {high:5.3f}]", (above, below)


def line(name: str, items: Sequence[Judged], ratio: Callable[[Sequence[Judged]], Ratio]) -> None:
    figure, (above, below) = by_owner(items, ratio)
    print(f"  {name:<46} {figure}  {above:g}/{below:g}")


def precision(items: Iterable[Judged]) -> Ratio:
    flagged = [each for each in items if each.flagged]
    return sum(each.leak for each in flagged), len(flagged)


def recall(items: Iterable[Judged]) -> Ratio:
    leaks = [each for each in items if each.leak]
    return sum(each.flagged for each in leaks), len(leaks)


def f1(items: Iterable[Judged]) -> Ratio:
    hits = wrong = missed = 0
    for each in items:
        hits += each.leak and each.flagged
        wrong += each.flagged and not each.leak
        missed += each.leak and not each.flagged
    return 2 * hits, 2 * hits + wrong + missed


def strong_precision(items: Iterable[Judged]) -> Ratio:
    flagged = [each for each in items if each.strong]
    return sum(each.leak for each in flagged), len(flagged)


def strong_recall(items: Iterable[Judged]) -> Ratio:
    leaks = [each for each in items if each.leak]
    return sum(each.strong for each in leaks), len(leaks)


def flagged(items: Sequence[Judged]) -> Ratio:
    return sum(each.flagged for each in items), len(items)


def _characters(spans: Iterable[Sequence[int]]) -> set[int]:
    return {i for start, end in spans for i in range(start, end)}


def span_precision(items: Iterable[Judged]) -> Ratio:
    hits = total = 0
    for each in items:
        said = _characters((f.start, f.end) for f in each.findings if f.counts)
        hits += len(said & _characters(each.item["spans"]))
        total += len(said)
    return hits, total


def span_recall(items: Iterable[Judged]) -> Ratio:
    hits = total = 0
    for each in items:
        marked = _characters(each.item["spans"])
        hits += len(marked & _characters((f.start, f.end) for f in each.findings if f.counts))
        total += len(marked)
    return hits, total


def judged(item: dict[str, Any]) -> Judged:
    start, end = scored(item)
    findings = judge(passages_of(item))
    return Judged(item, tuple(each for each in findings if each.start < end and each.end > start))


def report(all_items: Sequence[Judged]) -> None:
    ambiguous = [each for each in all_items if each.has(label="ambiguous")]
    assumed = [each for each in all_items if each.has(label="assumed_clean")]
    human = [each for each in all_items if each.has(subtype="human_deliberation")]
    decided = [
        each
        for each in all_items
        if each.item["label"] in ("leak", "clean") and not each.has(subtype="human_deliberation")
    ]
    clean = [each for each in decided if not each.leak]
    comments = [each for each in decided if each.has(surface="code_comment")]
    text = [each for each in decided if each.has(surface="text_block")]
    print(f"detector version {VERSION}; {len(all_items)} items, ", end="")
    print(f"{sum(each.leak for each in decided)} leaks, {len(clean)} clean,", end=" ")
    print(f"{len({owner(each.item) for each in all_items})} owners")
    for name, some in (("code comments", comments), ("text blocks", text), ("all", decided)):
        line(f"{name}: precision", some, precision)
        line(f"{name}: recall", some, recall)
        line(f"{name}: F1", some, f1)
    line("strong: precision", decided, strong_precision)
    line("strong: recall", decided, strong_recall)
    line("flagged, random human comments", assumed, flagged)
    line(
        "flagged, human comments with cue words",
        [e for e in clean if e.has(surface="code_comment", author="human", hard=True)],
        flagged,
    )
    line("flagged, human deliberation (apart)", human, flagged)
    answers = ("assistant_answer", "assistant_report")
    line(
        "flagged, answers and reports", [e for e in clean if e.item["subtype"] in answers], flagged
    )
    line(
        "flagged, clean comments by models",
        [e for e in clean if e.has(subtype="ai_comment")],
        flagged,
    )
    foreign = [e for e in clean if e.item.get("nl", "en") != "en"]
    line("flagged, clean, other languages", foreign, flagged)
    line("flagged, ambiguous (counts for nothing)", ambiguous, flagged)
    spans = [each for each in decided if each.leak and each.flagged]
    line("spans of found leaks, characters: precision", spans, span_precision)
    line("spans of found leaks, characters: recall", spans, span_recall)
    for subtype in sorted({e.item["subtype"] for e in decided if e.leak}):
        line(f"recall, {subtype}", [e for e in decided if e.has(subtype=subtype)], recall)
    for surface in sorted({e.item["surface"] for e in decided if e.leak}):
        line(f"recall, {surface}", [e for e in decided if e.has(surface=surface)], recall)
    for language in sorted({e.item.get("nl", "en") for e in decided if e.leak} - {"en"}):
        line(f"recall, in {language}", [e for e in decided if e.has(nl=language)], recall)

    for kind, named in (("languages", "nl"), ("programming languages, of comments", "lang")):
        some = decided if named == "nl" else comments
        default = "en" if named == "nl" else ""
        leaks: Counter[str] = Counter()
        for each in some:
            leaks[each.item.get(named) or default] += each.leak
        few = [f"{name} ({n})" for name, n in sorted(leaks.items()) if name and n < COVERING]
        if few:
            print(f"  not covered, fewer than {COVERING} real leaks each, {kind}: {', '.join(few)}")


def cost(items: Sequence[dict[str, Any]]) -> None:
    """Print what a kB costs, extraction included: the best of three runs over each item."""
    spent: list[float] = []
    for item in items:
        size = len(item["excerpt"].encode())
        if size < COSTED_BYTES:
            continue
        runs: list[float] = []
        for _ in range(3):
            begun = time.process_time_ns()
            judge(passages_of(item))
            runs.append((time.process_time_ns() - begun) / 1000)
        spent.append(min(runs) / size * 1000)
    if spent:
        spent.sort()
        high = spent[int(0.99 * (len(spent) - 1))]
        print(
            f"  cost, us per kB ({len(spent)} items of {COSTED_BYTES} bytes and more):"
            f" median {statistics.median(spent):.0f}, 99 % {high:.0f}, worst {spent[-1]:.0f}"
        )


def hostile() -> None:
    """Print what a kB of text made to be slow costs, at two lengths: linear is about equal."""
    texts = {
        "every cue": "Wait, actually no. Hmm, let me check? Or maybe let's just use this. ",
        "question marks": "a? ",
        "one word": "actually ",
        "quotes": 'wait, "',
        "no space": "x" * 70 + ".",
        "newlines": "\n- so",
    }
    for name, text in texts.items():
        costs: list[float] = []
        for size in (20_000, 80_000):
            content = (text * (size // len(text) + 1))[:size]
            item = {"surface": "text_block", "excerpt": content}
            runs: list[float] = []
            for _ in range(3):
                begun = time.process_time_ns()
                judge(passages_of(item))
                runs.append((time.process_time_ns() - begun) / 1000)
            costs.append(min(runs) / size * 1000)
        print(f"  hostile, {name}: {costs[0]:.0f} us per kB at 20 kB, {costs[1]:.0f} at 80 kB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--half", choices=("tune", "report"))
    parser.add_argument("--findings", type=Path, metavar="OUT")
    parser.add_argument("--misses", action="store_true", help="print what was wrongly judged")
    parser.add_argument("--no-cost", action="store_true")
    options = parser.parse_args()
    items = [item for path in options.files for item in read(path)]
    if options.half:
        items = [item for item in items if tuned(item) == (options.half == "tune")]
    results = [judged(item) for item in items]
    if options.findings:
        with options.findings.open("w", encoding="utf-8") as out:
            for each in results:
                out.write(json.dumps(_finding_line(each), ensure_ascii=False) + "\n")
    report(results)
    if not options.no_cost:
        cost(items)
        hostile()
    if options.misses:
        for each in results:
            if each.item["label"] != "ambiguous" and each.flagged != each.leak:
                print(
                    ("missed " if each.leak else "accused ") + each.item["id"], each.item["subtype"]
                )
                for finding in each.findings:
                    print("   ", finding.score, [reason.cue for reason in finding.reasons])
                start, end = scored(each.item)
                print("   ", each.item["excerpt"][start:end][:400].replace("\n", "\n    "))


def _finding_line(each: Judged) -> dict[str, Any]:
    return {
        "id": each.item["id"],
        "findings": [
            {
                "start": f.start,
                "end": f.end,
                "class": f.leak_class,
                "tier": f.tier,
                "score": f.score,
            }
            for f in each.findings
        ],
    }


if __name__ == "__main__":
    main()
