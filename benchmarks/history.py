"""What resent history costs, and how well it is judged: `python benchmarks/history.py`.

Cost: the CPU of recording a request with a long history: reading its body into blocks, and then
placing and matching them and opening the call, in a store in memory. A plain relay copies bytes and
spends neither. Goal: 8 ms for both, for 200 turns of 1 MB, and growth no faster than linear up to
1,000 turns. What a client resends as it sent it before is not read anew; `anew` is what reading
costs where nothing is known, as after a restart.

Quality (`--rates`): of every mutation of a conversation, in every provider's shape, how many are
found with their code; of honest requests, how many are accused. Goals: 100 % and 0.

Hostile (`--hostile`): histories made to be slow to judge, of two lengths.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from braid.call import ORDINARY_HISTORY
from braid_verifier import check_history
from fakes.desk import Desk, ask, assistant, opening_of, text, thinking, tool_result, tool_use, user
from fakes.dialects import DIALECTS, Dialect, Think, told
from fakes.forgeries import forgeries, honest
from fakes.hostile import SHAPES, Shape
from fakes.rivers import ASKED, SIDE, TALK, S

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
HANDED = "handed to "
BYTES_PER_TURN = 1024 * 1024 // 200


def turns(count: int, size: int = BYTES_PER_TURN) -> list[Any]:
    """Make a conversation in which every other turn calls a tool; about `size` bytes a turn."""
    said: list[Any] = []
    words = "The quick brown fox jumps over the lazy dog. "
    for n in range(count):
        part = (words * (size // len(words) // 3 + 1))[: size // 3]
        if n % 2:
            said.append(user(tool_result(f"toolu_{n - 1}", f"{n} {part}")))
            said.append(assistant(thinking(f"{n} {part}", f"c2ln{n:04}"), text(f"{n} {part}")))
        else:
            said.append(user(f"{n} {part}"))
            said.append(assistant(text(f"{n} {part}"), tool_use(f"toolu_{n}", q=f"{n} {part}")))
    return said


@dataclass(frozen=True, slots=True)
class Cost:
    """The CPU of a request in milliseconds, and its size in bytes."""

    anew: float
    reading: float
    recording: float
    size: int


def cost(count: int, rounds: int, change: Callable[[list[Any]], list[Any]]) -> Cost:
    """Give the cost of a request with so many turns."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder, Desk(Path(folder)) as desk:
        said = turns(count)
        # The last answer is enough: its call shows all before it.
        desk.turn(ask(*said[:-1]), *(said[-1]["content"] if said else ["hello"]))
        anew, reading, recording, size = [], [], [], 0
        for number in range(rounds):
            asked = ask(*change(said), f"question {number}")
            body = json.dumps(asked, separators=(",", ":")).encode()
            begun = time.process_time()
            opening_of(body)
            first = time.process_time()
            opening = opening_of(body, before=desk.recorder.before)
            read = time.process_time()
            desk.run(desk.recorder.open(opening))
            anew.append((first - begun) * 1000)
            reading.append((read - first) * 1000)
            recording.append((time.process_time() - read) * 1000)
            size = len(body)
        median = statistics.median
        return Cost(median(anew), median(reading), median(recording), size)


def edited(said: list[Any]) -> list[Any]:
    if not said:
        return said
    middle = len(said) // 2 | 1
    return [*said[:middle], assistant(*said[middle]["content"][1:], "edited"), *said[middle + 1 :]]


def speed(rounds: int) -> bool:
    none = cost(0, rounds, lambda said: said)
    bare = none.reading + none.recording
    print(f"a request without history: {bare:.2f} ms of CPU; medians of {rounds}; over that:")
    print(
        f"{'turns':>6} {'body':>9} {'reading':>10} {'placing':>10} {'both':>10} {'anew':>10} "
        f"{'one edited':>11}"
    )
    over: dict[int, float] = {}
    for count in (50, 100, 200, 500, 1000):
        honest = cost(count, rounds, lambda said: said)
        false = cost(count, max(rounds // 3, 3), edited)
        over[count] = honest.reading + honest.recording - bare
        print(
            f"{count:>6} {honest.size / 1e6:>6.2f} MB {honest.reading - none.reading:>7.2f} ms "
            f"{honest.recording - none.recording:>7.2f} ms {over[count]:>7.2f} ms "
            f"{honest.anew - none.anew:>7.2f} ms {false.reading + false.recording - bare:>8.2f} ms"
        )
    linear = over[1000] / over[200] / 5
    print(
        f"goal 8 ms at 200 turns: {over[200]:.2f}; 1,000 turns cost {linear:.2f} of linear growth"
    )
    return over[200] <= 8 and linear <= 1.25


def rates() -> bool:
    """Count forgeries found and honest requests accused, in every provider's shape."""
    found = asked = accused = honest_asked = 0
    for dialect in DIALECTS:
        transcript = told(dialect, TALK.but([*S, *SIDE])).transcript()
        for forgery in forgeries(dialect):
            check = check_history(transcript, forgery.body, dialect.name)
            codes = {one.code for one in check.findings}
            asked += 1
            if forgery.code in codes and check.genuine is not forgery.refused:
                found += 1
            else:
                print(f"missed: {dialect.name}, {forgery.name}: {sorted(codes)}")
        for name, body in honest_requests(dialect):
            wire = dialect.name
            if name.startswith(HANDED):
                wire = name.removeprefix(HANDED)
            codes = {one.code for one in check_history(transcript, body, wire).findings}
            false = codes - ORDINARY_HISTORY
            honest_asked += 1
            if false:
                accused += 1
                print(f"accused: {dialect.name}, {name}: {sorted(false)}")
    print(f"forgeries found: {found} of {asked} ({found / asked:.1%})")
    print(f"honest requests accused: {accused} of {honest_asked}")
    return found == asked and not accused


def honest_requests(dialect: Dialect) -> Iterator[tuple[str, bytes]]:
    """What honest clients of this provider send, and what those of others hand over."""
    yield from honest(dialect)
    spoken = [one for one in S if not isinstance(one, Think)]
    for other in DIALECTS:
        if other is not dialect:
            yield HANDED + other.name, other.body(TALK.but([*spoken, ASKED]))


def hostile() -> bool:
    """Time histories that were made to be slow to judge, and say how the time grows."""
    print(f"{'judging':<36} {'1,000 blocks':>13} {'4,000 blocks':>13} {'growth':>7}")
    most = 0.0
    for name, shape in SHAPES.items():
        short, long = (min(_judging(shape(count)) for _ in range(3)) for count in (1000, 4000))
        most = max(most, long / short)
        print(f"{name:<36} {short:>10.1f} ms {long:>10.1f} ms {long / short:>7.1f}")
    print(f"goal: growth of 4 is linear; the worst is {most:.1f}")
    return most <= 6


def _judging(shape: Shape) -> float:
    judge = shape.prepared()
    begun = time.thread_time()
    judge()
    return (time.thread_time() - begun) * 1000


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rates", action="store_true", help="judge, instead of measuring")
    parser.add_argument("--hostile", action="store_true", help="time judging what is slow to judge")
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    if options.rates or options.hostile:
        sys.exit(0 if (rates() if options.rates else hostile()) else 1)
    sys.exit(0 if speed(options.rounds) else 1)
