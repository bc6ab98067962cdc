"""The matrix: every scenario, by name."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.plays import (
    backlog,
    clock,
    dead_letters,
    disks,
    duplicates,
    flush,
    frozen,
    labels,
    leaking,
    network,
    poison,
    rolling,
    rough_clients,
    slow_database,
    sqlite,
)
from tests.faults.running_faults import FAULTS, OF_POSTGRES, Fault
from tests.faults.scenario import Scenario
from tests.faults.stage import Stage


def under_load(fault: Fault) -> Callable[[Stage], None]:
    """A play: a steady load, the fault in the middle of it, the recovery while it goes on."""

    def play(stage: Stage) -> None:
        with stage.load():
            fault(stage)
            stage.recovered()

    return play


def _about(fault: Fault) -> str:
    return (fault.__doc__ or "").split("\n")[0]


SCENARIOS: dict[str, Scenario] = {
    **{
        name: Scenario(
            name, _about(fault), under_load(fault), gateways=2, of_postgres=name in OF_POSTGRES
        )
        for name, fault in FAULTS.items()
    },
    **{
        scenario.name: scenario
        for scenario in (
            flush.SCENARIO,
            duplicates.SCENARIO,
            labels.RACING,
            labels.LATE,
            poison.RAISING,
            poison.KILLING,
            poison.HANGING,
            dead_letters.SCENARIO,
            backlog.SCENARIO,
            clock.GATEWAY,
            clock.WORKER,
            clock.DATABASE,
            frozen.WORKER,
            frozen.GATEWAY,
            slow_database.SCENARIO,
            *network.SCENARIOS,
            disks.POSTGRES,
            disks.SQLITE,
            sqlite.LOCKED,
            sqlite.KILLED,
            rolling.SCENARIO,
            leaking.SCENARIO,
            *rough_clients.SCENARIOS,
        )
    },
}

ON_SQLITE: dict[str, Scenario] = {
    name: found for name, scenario in SCENARIOS.items() if (found := scenario.on_sqlite())
}
