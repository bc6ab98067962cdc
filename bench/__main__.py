"""`make bench`: the contenders in turn, several rounds, one table."""

from __future__ import annotations

import shutil
import sys

from bench.contenders import make
from bench.document import describe, document, write_json
from bench.interruption import end_on_signals
from bench.memory import memory_table
from bench.options import Options, parse
from bench.picture import draw
from bench.run import run
from bench.table import summarise, table
from bench.turn import Plan
from shared.errors import QueuecastError


def main() -> int:
    """Run the benchmark; 1 when it failed or set a contender aside, 130 when interrupted."""
    options = parse()
    end_on_signals()
    try:
        return _bench(options)
    except QueuecastError as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nbench: stopped, and nothing was written\n")
        return 130


def _bench(options: Options) -> int:
    output = options.output
    output.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(output / "requests", ignore_errors=True)
    contenders = [make(name, output / "venvs", options.python) for name in options.contenders]
    plan = Plan(options.clients, options.seconds, output, options.processes)
    found = run(contenders, options.rounds, plan)
    rows = summarise(found.turns, plan)
    result = document(rows, found)
    write_json(result, output / "bench.json")
    print(f"\n{table(rows)}\n\n{describe(result)}")
    for contender in contenders:
        print(f"  {contender.name}: {contender.about}")
    memory = [turn.memory for turn in found.turns if turn.memory]
    if memory:
        print(f"\n{memory_table(memory[-1])}")
    for name, reason in found.set_aside.items():
        print(f"\n{name} was set aside: {reason}")
    print(f"\nwritten: {output / 'bench.json'}")
    if rows:
        draw(rows, describe(result), output / "bench.png")
        print(f"written: {output / 'bench.png'}")
    return 1 if found.set_aside else 0


if __name__ == "__main__":
    sys.exit(main())
