"""One write, many listeners: this server beside Socket.IO on Node and a bare loop of sends, interleaved in one run.

    python benchmarks/fanout/measure.py                                              # everything, an hour or so
    python benchmarks/fanout/measure.py --scenarios 1000 --contenders eventlet,node --in-flight 1 --rounds 1

``README.md`` beside this file says what is measured and how to read it.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import uvloop
from contenders import NAMES, Server, running
from report import Row, tables
from scenarios import Scenario, compare

DEFAULT_CONTENDERS = "eventlet,gevent,eventlet-stock,node,bare"
DEFAULT_SCENARIOS = "100,1000,5000,50x40,10000"
SPARE_FILES = 1_000


def main() -> int:
    """Measure what the command line names; 1 where a message was lost, doubled or misrouted."""
    options = arguments()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    gc.disable()  # a pause would count as the server's latency
    run = Run(options)
    for number in range(options.rounds):
        for scenario in options.scenarios:
            for contenders in batched(options.contenders, max(1, (limit - SPARE_FILES) // scenario.total)):
                run.measure(contenders, scenario, number)
                gc.collect()
    print(tables(run.rows, options.contenders))
    if options.json:
        options.json.write_text(json.dumps([vars(row) for row in run.rows], indent=1))
    return int(run.has_mistakes)


def batched(names: list[str], size: int) -> list[list[str]]:
    return [names[start : start + size] for start in range(0, len(names), size)]


class Run:
    """Collects the rows of all rounds."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self.rows: list[Row] = []
        self.has_mistakes = False

    def measure(self, contenders: list[str], scenario: Scenario, number: int) -> None:
        """Start the contenders, measure them in turns and stop them; says so on standard error."""
        print(f"round {number + 1}, {scenario.name}: {', '.join(contenders)}", file=sys.stderr)

        def found(contender: str, phase: str, turn: int, figures: dict[str, float]) -> None:
            number_of_turn = number * self._options.turns + turn
            self.rows += [Row(scenario.name, phase, contender, number_of_turn, *each) for each in figures.items()]
            if cost := figures.get("cpu_us_per_delivery"):
                print(f"  {phase:<12} {contender:<24} {cost:>8.2f} us CPU/delivery", file=sys.stderr)

        with ExitStack() as stack:
            servers = self._started(contenders, stack)
            tallies = uvloop.run(compare(servers, scenario, self._options, found))
        for contender, tally in tallies.items():
            if tally.mistakes:
                self._complain(f"{contender}: {dict(tally.mistakes)}")

    def _started(self, contenders: list[str], stack: ExitStack) -> dict[str, Server]:
        servers = {}
        for contender in contenders:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            try:
                servers[contender] = stack.enter_context(running(contender, Path(folder)))
            except (OSError, AssertionError) as error:
                self._complain(f"{contender} did not start: {error!r}")
        return servers

    def _complain(self, mistake: str) -> None:
        self.has_mistakes = True
        print(f"  MISTAKE  {mistake}", file=sys.stderr)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--contenders", type=_contenders, default=DEFAULT_CONTENDERS, help=f"of {', '.join(NAMES)}, or NAME@CHECKOUT")
    add("--scenarios", type=_scenarios, default=DEFAULT_SCENARIOS, help="sockets of one room, or ROOMSxSOCKETS")
    add("--in-flight", type=_numbers, default="1,8", help="writes at a time")
    add("--rounds", type=int, default=3)
    add("--turns", type=int, default=3, help="of writing, in each round and for each number in flight")
    add("--seconds", type=float, default=2.0, help="of a turn")
    add("--idle", type=float, default=25.0, help="seconds without writes, from 5,000 sockets on; 0 leaves it out")
    add("--json", type=Path, help="a file for the raw figures")
    return parser.parse_args()


def _contenders(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name.partition("@")[0] not in NAMES:
            raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(NAMES)}")
    return names


def _scenarios(text: str) -> list[Scenario]:
    return [Scenario.of(name) for name in text.split(",")]


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
