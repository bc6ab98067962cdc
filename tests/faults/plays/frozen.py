"""A process of ours stands still (SIGSTOP) and goes on, as on a host that is suspended."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from tests.faults import processes
from tests.faults.evidence import query
from tests.faults.metronome import Stall
from tests.faults.plays.poison import make_model
from tests.faults.scenario import Scenario
from tests.faults.stage import Stage
from tests.faults.traps import AGES
from tests.system import wait_for

# Less than a client waits for an answer.
_GATEWAY_STANDS = 8.0
# Rows that take 30 ms each to score.
_DAWDLING = 60


def worker(stage: Stage) -> None:
    """The worker stands still as it scores, until another has done all that it held, and then it
    goes on. That its late results change nothing is for the account."""
    # Half of them are accepted jobs, under a lease that the frozen worker cannot give up.
    asks = [
        stage.predict(respond_async=bool(number % 2), Age=AGES["dawdle"])
        for number in range(_DAWDLING)
    ]
    sending = threading.Thread(target=stage.send, args=(asks, _DAWDLING))
    sending.start()
    try:
        wait_for(lambda: len(_running(stage)) >= 1, 10, "the worker has claimed jobs")
        stage.strike("the worker is frozen")
        with processes.frozen(processes.tree(stage.worker)):
            held = _running(stage)
            assert held, "it had done all that it claimed"
            stage.system.start_worker()
            sending.join()
            stage.recovered()
            assert not set(held) & set(_running(stage))
    finally:
        sending.join()
    stage.shown.append(f"{len(held)} jobs that a frozen worker held")
    with stage.load():
        stage.await_answers(stage.size.warm)
    stage.recovered()


def _running(stage: Stage) -> list[str]:
    """The jobs that a worker has claimed and not ended."""
    statement = "SELECT job_id FROM job WHERE seq > %s AND status = 'running'"
    found = query(stage.system.database_url, statement, (stage.since.job,))
    return [job_id for (job_id,) in found]


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


def settings(folder: Path) -> Mapping[str, str]:
    """A model that takes its time, and a lease that is over while the worker stands still."""
    return {"MODEL_DIR": str(make_model(folder)), "TASK_LIMIT": "10"}


WORKER = Scenario(
    "worker-frozen", "SIGSTOP the worker, another does its work, SIGCONT", worker,
    gateways=2, settings=settings, alone=True,
)  # fmt: skip
GATEWAY = Scenario("gateway-frozen", "SIGSTOP a gateway, SIGCONT", gateway, gateways=2, alone=True)
