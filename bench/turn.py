"""One contender's turn in one round: started, checked, loaded, verified, stopped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import uvloop

from bench.arrivals import RATES, Arrivals, run_arrivals
from bench.bursts import SIZES, Burst, order, run_bursts
from bench.client import Check, Target
from bench.contender import Contender
from bench.load import JSON, Figures, Load
from bench.memory import Memory, measure_memory
from bench.passengers import Ids, expected, observations, write_templates
from bench.progress import Progress
from bench.running import Running
from bench.sample import Sample, clients_for, with_sample
from bench.stage import Servers, clean_environment
from bench.stored import verify

# Long enough for pools, caches and threads to be made; not counted.
WARM_UP = 1


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn gave.

    `figures` are those of the closed loops, by number of clients; `arrivals` those of the open
    rates, but for rates above what the closed loops showed it to bear. `rows` is what it had
    committed at its end.
    """

    contender: str
    round: int
    figures: dict[int, Figures] = field(default_factory=dict)
    rows: int | None = None
    memory: list[Memory] = field(default_factory=list)
    bursts: list[Burst] = field(default_factory=list)
    arrivals: list[Arrivals] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """What every turn of a run does; times in seconds."""

    clients: Sequence[int]
    seconds: int
    output: Path
    processes: bool = False
    bursts: Sequence[int] = SIZES
    # How many bursts of each size.
    burst_times: int = 4
    rates: Sequence[int] = RATES

    @property
    def measurements(self) -> int:
        """How many measurements one turn makes, the bursts as one."""
        return len(self.clients) + bool(self.bursts) + len(self.rates)


def take_turn(
    contender: Contender, number: int, plan: Plan, servers: Servers, ids: Ids, progress: Progress
) -> Turn:
    """Take one turn. Only this contender's processes run meanwhile.

    Raises:
        StartError: it did not start.
        WrongAnswerError: its answers are not the pipeline's.
        LostRowsError: it answered what it has not committed.
    """
    stage = servers.stage(contender.name)
    turn = Turn(contender.name, number)
    try:
        with Running(contender, stage, ids) as running:
            running.check()
            for clients in plan.clients:
                progress.begin(contender.name, number, f"{clients} clients")
                _load(running, clients, WARM_UP, plan, ids)
                turn.figures[clients] = _load(running, clients, plan.seconds, plan, ids)
                progress.end(turn.figures[clients])
            target = prediction_target(running)
            if plan.bursts:
                progress.begin(contender.name, number, "bursts")
                turn.bursts.extend(_bursts(running, target, number, plan, ids))
                worst = max(burst.max_ms for burst in turn.bursts)
                progress.done(f"slowest {worst:,.1f} ms", sum(b.failed for b in turn.bursts))
            for rate in sorted(plan.rates):
                progress.begin(contender.name, number, f"{rate} /s open")
                found = _arrivals(running, target, rate, turn, plan, ids)
                if found is None:
                    progress.done("more than it can bear", 0)
                    continue
                turn.arrivals.append(found)
                progress.done(f"p99 {found.p99_ms:,.1f} ms", found.failed)
            # So that what the last load left is committed, and its memory given back.
            running.settle()
            if plan.processes and contender.name == "queuecast":
                turn.memory.extend(measure_memory(running.parts))
        if contender.stores:
            turn = replace(turn, rows=verify(stage.database_url, running.answered))
    finally:
        servers.clear(stage)
    return turn


def prediction_target(running: Running) -> Target:
    """Where a running contender is asked for predictions, all of whose answers are checked."""
    contender = running.contender
    check = Check(contender.name, contender.proba, expected())
    return Target(running.url, [contender.body(o) for o in observations()], JSON, check)


def _load(running: Running, clients: int, seconds: int, plan: Plan, ids: Ids) -> Figures:
    """A closed loop, and beside it a sample of answers that are checked.

    One client checks every answer of its own; another beside it would make them two.
    """
    running.settle()
    folder = plan.output / "requests"
    templates, right = folder / f"{running.contender.name}.jsonl", folder / "right.json"
    if not templates.exists():
        write_templates(running.contender.body, templates)
        right.write_text(json.dumps(expected()))
    load = Load(
        running.url, templates, clients, seconds, ids.block(),
        contender=running.contender.name, right=right,
    )  # fmt: skip
    log = running.stage.log.with_suffix(".load.log")
    if clients == 1:
        figures = load.run(clean_environment(), log)
        running.answered[load.first_id] += figures.ok
        return figures
    with Sample(prediction_target(running), ids.block(), clients_for(clients)) as sample:
        figures = load.run(clean_environment(), log)
    running.answered[load.first_id] += figures.ok
    running.answered[sample.first_id] += sample.ok
    return with_sample(figures, sample.answers)


def _bursts(running: Running, target: Target, number: int, plan: Plan, ids: Ids) -> list[Burst]:
    running.settle()
    sizes, first = order(plan.bursts, plan.burst_times, number), ids.block()
    bursts = uvloop.run(run_bursts(target, sizes, first, number))
    running.answered[first] += sum(burst.size - burst.failed for burst in bursts)
    return bursts


def _arrivals(
    running: Running, target: Target, rate: int, turn: Turn, plan: Plan, ids: Ids
) -> Arrivals | None:
    """Open arrivals; None above its capacity, where latency is how long one cares to measure."""
    if turn.figures and rate >= max(f.requests_per_second for f in turn.figures.values()):
        return None
    running.settle()
    first = ids.block()
    found = uvloop.run(run_arrivals(target, rate, plan.seconds, first, turn.round))
    running.answered[first] += found.sent - found.failed
    return found
