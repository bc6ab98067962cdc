"""`make faults`: the fault matrix, or a soak."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from bench.interruption import end_on_signals
from tests.faults import processes
from tests.faults.catalogue import ON_SQLITE, SCENARIOS
from tests.faults.document import document, write
from tests.faults.matrix import play
from tests.faults.options import Options, parse
from tests.faults.plan import plan_matrix, plan_soak
from tests.faults.progress import Progress
from tests.faults.result import Result
from tests.faults.running_faults import FAULTS
from tests.faults.scenario import Scenario
from tests.faults.size import FULL, QUICK, SOAK
from tests.faults.soak import soak
from tests.faults.table import table


def main() -> int:
    """The exit code is 1 when any promise was broken, 130 when interrupted."""
    options = parse()
    if options.list_only:
        _print("\n".join(f"{s.name:<20}  {s.about}" for s in _scenarios(options).values()))
        return 0
    end_on_signals()
    _print(f"seed {options.seed}; `--seed {options.seed}` makes the same plan again")
    # The logs of an earlier run would mix with ours.
    shutil.rmtree(options.output, ignore_errors=True)
    options.output.mkdir(parents=True)
    results: list[Result] = []
    try:
        _run(options, results)
        _report(options, results)
    except KeyboardInterrupt:
        sys.stderr.write("\nfaults: stopped\n")
        _print(table(results))
        return 130
    finally:
        _leave_nothing()
    return 0 if all(result.passed for result in results) else 1


def _leave_nothing() -> None:
    """What was half started when we were interrupted is in nobody's list."""
    left = psutil.Process().children(recursive=True)
    processes.send(left, signal.SIGKILL)
    psutil.wait_procs(left, timeout=5)


def _run(options: Options, results: list[Result]) -> None:
    progress = Progress()
    if options.soak is not None:
        names = [name for name in FAULTS if name in options.names]
        plan = plan_soak(options.seed, names)
        result = soak(plan, options.soak, options.output, progress)
        results.append(result)
        progress.begin(1, 1, result.name)
        progress.end(result)
        return
    plan = plan_matrix(options.seed, options.names)
    size = QUICK if options.quick else FULL
    for result in play(plan, _scenarios(options), size, options.output, progress):
        results.append(result)
        progress.end(result)


def _scenarios(options: Options) -> Mapping[str, Scenario]:
    return ON_SQLITE if options.sqlite else SCENARIOS


def _report(options: Options, results: Sequence[Result]) -> None:
    if not results:
        return
    _print(f"\n{table(results)}\n")
    for result in results:
        for problem in result.problems[:20]:
            _print(f"{result.name}: {problem}")
    size = QUICK if options.quick else FULL
    path = options.output / "faults.json"
    write(document(results, options.seed, SOAK if options.soak else size), path)
    _print(f"written: {path}")
    _draw(results, options.output / "faults.png", options.seed)


def _draw(results: Sequence[Result], path: Path, seed: int) -> None:
    try:
        # Late: it comes with `make faults`, and the numbers are worth having without it.
        from tests.faults.picture import draw
    except ModuleNotFoundError:
        _print("no picture: matplotlib is not installed")
        return
    draw(results, f"Fault matrix, seed {seed}: seconds", path)
    _print(f"written: {path}")


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
