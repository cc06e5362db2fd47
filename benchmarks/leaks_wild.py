"""What the leak detector flags in whole projects: their comments, each looked at once.

usage: python benchmarks/leaks_wild.py DIR…

Each DIR is a checkout of one project. In projects written before models wrote code a flag is false,
or a person who deliberates; nobody labelled these comments, so there is no recall here. Prints, for
each project and for all of them:

- comments: of twelve characters and more. One that stands again, white space aside, in this project
  or in one before it is not counted again.
- flagged, and how many of them strong.
- with cue words, and how many of those are flagged. Cue words, in any case and as whole words: actually,
  alternatively, assume/assumes/assumed/assuming/assumption(s), better to, but what, could we, hmm,
  hold on, i guess, i need, i think, i'll, instead, let me, let's, looks like, maybe, not sure, on second
  thought, oops, perhaps, probably, seem/seems, should i, should we, so we, turns out, wait, we need,
  what if, why does/do/is/not.

Left out: documents, data and patches, files of more than 300,000 characters or with a line of more than
3,000, minified ones, links, and the folders SKIPPED.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from braid_verifier.leaks.detection import judge
from braid_verifier.leaks.finding import VERSION, Tier
from braid_verifier.leaks.languages import language_of
from braid_verifier.leaks.passage import Passage, PassageKind
from braid_verifier.leaks.places import file_passages

CUE_WORDS = re.compile(
    r"\b(?:actually|alternatively|assum\w+|better to|but what|could we|hmm+|hold on|i guess|i need|i think|i'?ll"
    r"|instead|let me|let'?s|looks like|maybe|not sure|on second thought|oops|perhaps|probably|seems?|should i"
    r"|should we|so we|turns out|wait|we need|what if|why (?:not|is|does|do))\b",
    re.IGNORECASE,
)
SKIPPED = frozenset(
    [
        "node_modules",
        "vendor",
        "dist",
        "build",
        "third_party",
        "thirdparty",
        "third-party",
        "deps",
        ".git",
        "venv",
        ".venv",
        "site-packages",
        "fixtures",
        "locale",
        "locales",
        "__snapshots__",
    ]
)
NO_COMMENTS = frozenset({"text", "markdown", "json", "log", "diff", "ipynb"})
SHORTEST = 12
MOST_CHARACTERS = 300_000
LONGEST_LINE = 3_000


@dataclass(slots=True)
class Count:
    """What was seen of a project."""

    comments: int = 0
    flagged: int = 0
    strong: int = 0
    cued: int = 0
    cued_flagged: int = 0

    def add(self, comment: Passage) -> None:
        findings = [each for each in judge([comment]) if each.counts]
        cued = CUE_WORDS.search(comment.text) is not None
        self.comments += 1
        self.flagged += bool(findings)
        self.strong += any(each.tier is Tier.STRONG for each in findings)
        self.cued += cued
        self.cued_flagged += cued and bool(findings)

    def __add__(self, other: Count) -> Count:
        return Count(
            self.comments + other.comments,
            self.flagged + other.flagged,
            self.strong + other.strong,
            self.cued + other.cued,
            self.cued_flagged + other.cued_flagged,
        )


def sources(project: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each source of a project, in order of name."""
    for folder, folders, names in os.walk(project):
        folders[:] = sorted(each for each in folders if each not in SKIPPED)
        for name in sorted(names):
            path = Path(folder, name)
            language = language_of(name)
            if not language or language in NO_COMMENTS or ".min." in name or path.is_symlink():
                continue
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                continue
            if len(text) <= MOST_CHARACTERS and max(map(len, text.split("\n"))) <= LONGEST_LINE:
                yield str(path), text


def counted(project: Path, seen: set[bytes]) -> Count:
    """Look at the comments of a project that are not in `seen` yet."""
    count = Count()
    for name, text in sources(project):
        for passage in file_passages(name, text):
            if passage.kind is not PassageKind.COMMENT or len(passage.text) < SHORTEST:
                continue
            digest = hashlib.sha256(" ".join(passage.text.split()).encode()).digest()
            if digest not in seen:
                seen.add(digest)
                count.add(passage)
    return count


def line(name: str, count: Count) -> None:
    flagged = 100 * count.flagged / max(1, count.comments)
    cued = 100 * count.cued_flagged / max(1, count.cued)
    print(
        f"  {name:<28} {count.comments:9,} {count.flagged:8,} {flagged:7.3f} % {count.strong:7,}"
        f" {count.cued:9,} {count.cued_flagged:8,} {cued:6.2f} %",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("projects", nargs="+", type=Path, metavar="DIR")
    options = parser.parse_args()
    for project in options.projects:
        if not project.is_dir():
            parser.error(f"expected the folder of a project, got {project}")
    print(f"detector version {VERSION}")
    print(
        f"  {'project':<28} {'comments':>9} {'flagged':>8} {'':>9} {'strong':>7} {'with cue':>9} {'flagged':>8}"
    )
    seen: set[bytes] = set()
    whole = Count()
    for project in options.projects:
        count = counted(project, seen)
        whole += count
        line(project.resolve().name, count)
    line("all", whole)


if __name__ == "__main__":
    main()
