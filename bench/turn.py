"""One contender's turn in one round: started, checked, loaded, verified, stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.contender import Contender
from bench.load import Figures, Load
from bench.memory import Memory, measure_memory
from bench.passengers import Ids, write_templates
from bench.progress import Progress
from bench.running import Running
from bench.stage import Servers, clean_environment
from bench.stored import verify

# Long enough for pools, caches and threads to be made; not counted.
WARM_UP = 1


@dataclass(frozen=True, slots=True)
class Turn:
    """The figures of one turn, by number of clients; `rows` is what it had committed at its end."""

    contender: str
    round: int
    figures: dict[int, Figures]
    rows: int | None = None
    memory: list[Memory] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """What every turn of a run does; times in seconds."""

    clients: Sequence[int]
    seconds: int
    output: Path
    processes: bool = False


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
    figures: dict[int, Figures] = {}
    memory: list[Memory] = []
    try:
        with Running(contender, stage, ids) as running:
            running.check()
            for clients in plan.clients:
                progress.begin(contender.name, number, clients)
                _load(running, clients, WARM_UP, plan, ids)
                figures[clients] = _load(running, clients, plan.seconds, plan, ids)
                progress.end(figures[clients])
            # So that what the last load left is committed, and its memory given back.
            running.settle()
            if plan.processes and contender.name == "queuecast":
                memory = measure_memory(running.parts)
        rows = verify(stage.database_url, running.answered) if contender.stores else None
    finally:
        servers.clear(stage)
    return Turn(contender.name, number, figures, rows, memory)


def _load(running: Running, clients: int, seconds: int, plan: Plan, ids: Ids) -> Figures:
    running.settle()
    templates = plan.output / "requests" / f"{running.contender.name}.jsonl"
    if not templates.exists():
        write_templates(running.contender.body, templates)
    load = Load(running.url, templates, clients, seconds, ids.block())
    figures = load.run(clean_environment(), running.stage.log.with_suffix(".load.log"))
    running.answered[load.first_id] += figures.ok
    return figures
