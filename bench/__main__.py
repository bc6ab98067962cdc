"""`make bench`: the contenders in turn, several rounds, one table."""

from __future__ import annotations

import shutil
import sys
from typing import Any

from bench.contenders import make
from bench.document import describe, document, write_json
from bench.interruption import end_on_signals
from bench.kinds import KindRow, compare_kinds, kinds_table, too_slow
from bench.markdown import full, short
from bench.marked import PLACES, README, replace_marked
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
    plan = Plan(
        options.clients, options.seconds, output, options.processes, options.bursts,
        rates=options.rates,
    )  # fmt: skip
    found = run(contenders, options.rounds, plan)
    rows = summarise(found.turns, plan)
    kinds: list[KindRow] = []
    if options.kinds and "queuecast" in options.contenders:
        kinds = compare_kinds(
            options.kinds, options.rounds, options.seconds, output / "kinds", _say
        )
    result = document(rows, found, contenders, kinds)
    write_json(result, output / "bench.json")
    (output / "bench.md").write_text(f"{full(result)}\n")
    print(f"\n{table(rows)}\n\n{full(result)}\n")
    for contender in contenders:
        print(f"  {contender.name}: {contender.about}")
    memory = [turn.memory for turn in found.turns if turn.memory]
    if memory:
        print(f"\n{memory_table(memory[-1])}")
    if kinds:
        print(f"\n{kinds_table(kinds)}")
    wrong = [f"{name} was set aside: {reason}" for name, reason in found.set_aside.items()]
    wrong += [f"too slow: {row.kind} with {row.clients} clients" for row in too_slow(kinds)]
    print("".join(f"\n{line}" for line in wrong))
    print(f"\nwritten: {output / 'bench.json'}, {output / 'bench.md'}")
    if rows:
        draw(rows, describe(result), output / "bench.png")
        print(f"written: {output / 'bench.png'}")
    # A table from which somebody is missing is no news of the others.
    if options.command and not found.set_aside:
        _write(options.command, result)
    return 1 if wrong else 0


def _write(command: str, result: dict[str, Any]) -> None:
    for path in PLACES[command]:
        tables = short(result) if path == README else full(result)
        path.write_text(replace_marked(path.read_text(), command, tables))
        print(f"written: {path}")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
