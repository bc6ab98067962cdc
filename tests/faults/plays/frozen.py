"""A process of ours stands still (SIGSTOP) and goes on, as on a host that is suspended."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from tests.faults import processes
from tests.faults.metronome import Stall
from tests.faults.scenario import Scenario
from tests.faults.stage import Stage
from tests.system import wait_for

# Less than a client waits for an answer.
_GATEWAY_STANDS = 8.0


def worker(stage: Stage) -> None:
    """The worker stands still with groups that it has scored and not stored, until another has done
    all that was in them, and then it goes on. That its late results change nothing is for the
    account."""
    with stage.load():
        with ExitStack() as still:
            with stage.mid_group("the worker is frozen"):
                still.enter_context(processes.frozen(processes.tree(stage.worker)))
                held = stage.history.under_way()
            stage.system.start_worker()
            wait_for(lambda: not held & stage.history.under_way(), 30, "those who waited are told")
            stage.recovered()
        stage.await_answers(stage.size.warm)
        stage.recovered()


def gateway(stage: Stage) -> None:
    """A gateway stands still with clients that wait, and goes on: they are answered."""
    part, client = stage.system.gateways[0]
    with stage.load():
        stage.trouble()
        with ExitStack() as still:
            with stage.mid_group("a gateway is frozen", client.address):
                began = time.monotonic()
                still.enter_context(processes.frozen(processes.tree(part)))
            time.sleep(min(stage.size.outage, _GATEWAY_STANDS))
        now = time.monotonic()
        stage.stalls.append(Stall(now, now - began, client.address))
        stage.recovered()


def settings(_folder: Path) -> Mapping[str, str]:
    """A lease that is over while the worker stands still."""
    return {"TASK_LIMIT": "5"}


WORKER = Scenario(
    "worker-frozen", "SIGSTOP the worker, another does its work, SIGCONT", worker,
    gateways=2, settings=settings, alone=True,
)  # fmt: skip
GATEWAY = Scenario("gateway-frozen", "SIGSTOP a gateway, SIGCONT", gateway, gateways=2, alone=True)
