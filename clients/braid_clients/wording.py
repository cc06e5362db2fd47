"""Numbers in sentences."""

from __future__ import annotations

from braid_verifier import Counts


def counted(number: int, noun: str) -> str:
    """Say how many: `1 node`, `2 nodes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def size(counts: Counts) -> str:
    """Say how much a braid holds: `9 nodes, 2 calls: 1 complete, 1 error`.

    What became of the calls is said unless all of them are complete.
    """
    said = f"{counted(counts.nodes, 'node')}, {counted(counts.calls, 'call')}"
    if counts.outcomes.get("complete", 0) == counts.calls:
        return said
    became = [f"{number} {outcome}" for outcome, number in counts.outcomes.items()]
    if counts.pending:
        became.append(f"{counts.pending} without an end")
    return f"{said}: {', '.join(became)}" if became else said
