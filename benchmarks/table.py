"""From measures to one table: medians over rounds, and ratios to the plain pass-through.

A ratio compares runs that stood next to each other in time: it is the median of the ratios of
the rounds, not the ratio of two medians.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from workloads import Load, Timed, Workload

DIRECT, PLAIN, BRAID = "direct", "plain", "braid"


@dataclass(frozen=True, slots=True)
class Measure:
    """One load on one configuration in one round."""

    cpu_ms: float  # a request, of the proxy's whole process tree
    load: Load
    faults: int


Measures = Mapping[tuple[str, str], Sequence[Measure]]


@dataclass(frozen=True, slots=True)
class Row:
    """One configuration under one workload; None where it says nothing or may not be said."""

    workload: str
    configuration: str
    replies_a_second: float
    cpu_ms: float | None
    cpu_ratio: float | None
    p50: float | None  # microseconds, as the three below
    p99: float | None
    added_p50: float | None
    added_p99: float | None
    time_ratio: float | None
    faults: int


@dataclass(frozen=True, slots=True)
class Goal:
    """What issue the project set itself, as a ratio to the plain pass-through."""

    workload: str
    of: str
    most: float


GOALS = (
    Goal("json", "cpu_ratio", 2.8),
    Goal("sse", "cpu_ratio", 2.1),
    Goal("thinker", "time_ratio", 1.1),
)


def rows(
    workloads: Sequence[Workload], configurations: Sequence[str], measures: Measures
) -> list[Row]:
    """One row for each configuration under each workload."""
    return [
        _row(workload, configuration, measures)
        for workload in workloads
        for configuration in configurations
    ]


def _row(workload: Workload, configuration: str, measures: Measures) -> Row:
    mine = measures[workload.name, configuration]
    direct = measures.get((workload.name, DIRECT), ())
    plain = measures.get((workload.name, PLAIN), ())
    faults = sum(at.faults for at in mine)
    timed = workload.timed

    def p50(at: Measure) -> float:
        return at.load.time(timed)[0]

    def p99(at: Measure) -> float:
        return at.load.time(timed)[1]

    def cpu(at: Measure) -> float:
        return at.cpu_ms

    is_timed = timed is not Timed.NOTHING
    has_cpu = workload.cpu and configuration != DIRECT
    comparable = not faults and configuration != DIRECT
    against_plain = plain if comparable and not any(at.faults for at in plain) else ()
    against_direct = direct if comparable and not any(at.faults for at in direct) else ()
    return Row(
        workload=workload.name,
        configuration=configuration,
        replies_a_second=median(at.load.replies / at.load.seconds for at in mine),
        cpu_ms=median(map(cpu, mine)) if has_cpu else None,
        cpu_ratio=_ratio(cpu, mine, against_plain) if has_cpu else None,
        p50=median(map(p50, mine)) if is_timed else None,
        p99=median(map(p99, mine)) if is_timed else None,
        added_p50=_added(p50, mine, against_direct) if is_timed else None,
        added_p99=_added(p99, mine, against_direct) if is_timed else None,
        time_ratio=_ratio(p50, mine, against_plain) if is_timed else None,
        faults=faults,
    )


def _ratio(
    of: Callable[[Measure], float], mine: Sequence[Measure], base: Sequence[Measure]
) -> float | None:
    pairs = [(of(at), of(other)) for at, other in zip(mine, base, strict=False)]
    return median(a / b for a, b in pairs) if pairs and all(b for _, b in pairs) else None


def _added(
    of: Callable[[Measure], float], mine: Sequence[Measure], base: Sequence[Measure]
) -> float | None:
    pairs = list(zip(mine, base, strict=False))
    return median(of(at) - of(other) for at, other in pairs) if pairs else None


_COLUMNS = (
    *("configuration", "CPU ms", "× plain", "replies/s"),
    *("p50 µs", "p99 µs", "added p50", "added p99", "× plain", "errors"),
)


def to_markdown(
    table: Sequence[Row], workloads: Sequence[Workload], titles: Mapping[str, str]
) -> str:
    """Write the one table, a section for each workload."""
    lines = ["| " + " | ".join(_COLUMNS) + " |", "|---|" + "---:|" * (len(_COLUMNS) - 1)]
    for workload in workloads:
        lines.append(f"| **{workload.title}** |" + " |" * (len(_COLUMNS) - 1))
        for row in table:
            if row.workload == workload.name:
                lines.append(_line(row, titles[row.configuration]))
    return "\n".join(lines)


def _line(row: Row, title: str) -> str:
    cells = (
        title,
        _number(row.cpu_ms, 3),
        _number(row.cpu_ratio, 2),
        _number(row.replies_a_second, 0),
        _number(row.p50, 0),
        _number(row.p99, 0),
        _number(row.added_p50, 0),
        _number(row.added_p99, 0),
        _number(row.time_ratio, 2),
        str(row.faults),
    )
    return "| " + " | ".join(cells) + " |"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def verdicts(table: Sequence[Row], workloads: Mapping[str, str]) -> list[str]:
    """Say for each goal what was reached."""
    said = []
    for goal in GOALS:
        for row in table:
            if (row.workload, row.configuration) == (goal.workload, BRAID):
                reached: float | None = getattr(row, goal.of)
                what = "CPU" if goal.of == "cpu_ratio" else "p50"
                verdict = "not measured"
                if reached is not None:
                    verdict = f"{reached:.2f}, {'met' if reached <= goal.most else 'missed'}"
                said.append(
                    f"goal: {workloads[goal.workload]}: {what} at most {goal.most} × plain: {verdict}"
                )
    return said
