"""What the relay costs, side by side with the alternatives, in one interleaved run.

usage: python benchmarks/relay.py [--rounds N] [--seconds S] [--only NAME]... [--json FILE]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from record_check import check_record
from stage import BIN, NotPossible, Running, free_port, python, started, upstream
from table import Measure, rows, to_markdown, verdicts
from workloads import WORKLOADS, Generator, Workload, fetch

_WARM = 200  # requests of each workload before a round is measured
_SETTLE = 0.3  # seconds for writes that go on after the last reply


@dataclass(frozen=True, slots=True)
class Configuration:
    """What stands between the load and the upstream; `command` is None for nothing."""

    name: str
    title: str
    command: Callable[[int, int, Path], list[str]] | None


def _braid(port: int, to: int, directory: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "braid_clients.cli", "serve", "--port", str(port)),
        *("--db", f"sqlite:///{directory / 'braid.db'}"),
        *("--upstream-anthropic", f"http://127.0.0.1:{to}"),
        *("--root-key", str(directory / "root.key")),
        *("--wrapping-key", str(directory / "wrapping.key")),
    ]


CONFIGURATIONS = (
    Configuration("direct", "direct", None),
    Configuration(
        "plain", "Starlette + aiohttp", lambda port, to, _: python("passthrough.py", port, to)
    ),
    Configuration(
        "recordless",
        "Braid storing nothing",
        lambda port, to, _: python("recordless.py", port, to),
    ),
    Configuration("braid", "Braid, 8 nodes signed and stored", _braid),
)


@contextmanager
def _up(configuration: Configuration, source: Running) -> Iterator[Running]:
    if configuration.command is None:
        yield Running(source.port, None)
        return
    # On the disk of the checkout: a temporary directory in memory would make fsync free.
    with tempfile.TemporaryDirectory(dir=BIN) as directory:
        port = free_port()
        command = configuration.command(port, source.port, Path(directory))
        with started(command, port, Path(directory)) as running:
            yield running


def _measure(
    generator: Generator, workload: Workload, running: Running, seconds: float, size: int
) -> Measure:
    before = running.cpu_seconds()
    load = generator.run(workload, running.port, seconds)
    time.sleep(_SETTLE)
    spent = running.cpu_seconds() - before
    return Measure(
        cpu_ms=1000 * spent / load.replies if load.replies else 0.0,
        load=load,
        faults=load.faults(workload, size),
    )


def _round(
    configurations: Sequence[Configuration],
    workloads: Sequence[Workload],
    source: Running,
    generator: Generator,
    seconds: float,
    into: dict[tuple[str, str], list[Measure]],
) -> str:
    """Measure every workload through every configuration once; says what was checked."""
    said = ""
    with ExitStack() as stack:
        up = [(at, stack.enter_context(_up(at, source))) for at in configurations]
        replies = {at.name: 0 for at in configurations}
        for workload in workloads:
            direct = fetch(source.port, workload)
            for at, running in up:
                if fetch(running.port, workload) != direct:
                    raise NotPossible(f"{at.name}: other bytes than direct ({workload.name})")
                warm = generator.run(workload, running.port, 5, _WARM)
                replies[at.name] += 1 + warm.replies
            for at, running in up:
                print(f"  {workload.name} {at.name}", file=sys.stderr, flush=True)
                measure = _measure(generator, workload, running, seconds, len(direct))
                replies[at.name] += measure.load.replies
                into.setdefault((workload.name, at.name), []).append(measure)
        for at, running in up:
            if at.name == "braid":
                said = "\nrecord: " + check_record(running.port, replies[at.name])
    return said


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each load")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="a workload or configuration"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all measures")
    options = parser.parse_args()
    names = [at.name for at in (*CONFIGURATIONS, *WORKLOADS)]
    for name in options.only:
        if name not in names:
            parser.error(f"--only: expected one of {', '.join(names)}; got {name}")
    if not (1 <= options.rounds <= 50 and 0 < options.seconds <= 20):
        parser.error("expected 1 to 50 rounds of at most 20 seconds a load")
    return options


def main() -> int:
    options = _options()
    configurations = [at for at in CONFIGURATIONS if at.name in options.only] or [*CONFIGURATIONS]
    workloads = [at for at in WORKLOADS if at.name in options.only] or [*WORKLOADS]
    measures: dict[tuple[str, str], list[Measure]] = {}
    said = ""
    try:
        with upstream() as source:
            generator = Generator(source.port)
            for number in range(options.rounds):
                print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
                turned = number % len(configurations)
                order = configurations[turned:] + configurations[:turned]
                said = _round(order, workloads, source, generator, options.seconds, measures)
    except NotPossible as fault:
        print(f"benchmark: {fault}", file=sys.stderr)
        return 2
    table = rows(workloads, [at.name for at in configurations], measures)
    print(to_markdown(table, workloads, {at.name: at.title for at in configurations}))
    print("\nbytes: as direct, in every configuration and workload" + said)
    for verdict in verdicts(table, {at.name: at.title for at in workloads}):
        print(verdict)
    if options.json is not None:
        every = {f"{load}/{name}": at for (load, name), at in measures.items()}
        options.json.write_bytes(msgspec.json.encode({"rows": table, "measures": every}))
    return 0 if not any(row.faults for row in table) else 1


if __name__ == "__main__":
    sys.exit(main())
