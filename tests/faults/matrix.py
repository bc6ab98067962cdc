"""Plays scenarios one after the other, each on a system of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.faults.plan import Plan
from tests.faults.problem import hung
from tests.faults.progress import Progress
from tests.faults.result import Result
from tests.faults.scenario import Scenario, run
from tests.faults.servers import Servers
from tests.faults.size import Size
from tests.faults.stage import Stage
from tests.system import System


def play(
    plan: Plan, scenarios: Mapping[str, Scenario], size: Size, folder: Path, progress: Progress
) -> Iterator[Result]:
    """The result of each scenario, as it comes."""
    with Servers(folder / "servers") as servers:
        for position, name in enumerate(plan.names, 1):
            progress.begin(position, len(plan.names), name)
            reason = scenarios[name].why_not()
            if reason:
                progress.say(f"not played: {reason}")
                continue
            yield play_one(scenarios[name], plan.seed, size, servers, folder / name, progress)


def play_one(
    scenario: Scenario, seed: int, size: Size, servers: Servers, folder: Path, progress: Progress
) -> Result:
    """One scenario, from an empty database to its account."""
    with started(scenario, servers, folder) as system:
        stage = Stage(scenario.name, seed, size, servers, system, progress.say)
        return run(scenario, stage)


@contextmanager
def started(scenario: Scenario, servers: Servers, folder: Path) -> Iterator[System]:
    """A system that is set up for a scenario; all of it has ended after the block."""
    folder.mkdir(parents=True, exist_ok=True)
    servers.flush_redis()
    settings = dict(scenario.settings(folder))
    system = System(
        scenario.database(servers, folder), servers.redis.url, folder, settings,
        checkout=scenario.checkout(folder),
    )  # fmt: skip
    try:
        yield system.start(gateways=scenario.gateways)
    finally:
        end(system)
        servers.beside.close()


def end(system: System) -> list[str]:
    """Stop everything; what did not stop in time, in words."""
    try:
        system.stop()
    except AssertionError as error:
        return [str(hung(str(error)))]
    return []
