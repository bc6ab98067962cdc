"""Redis loses everything while a backlog waits in it."""

from __future__ import annotations

from shared.queue.messages import Lane
from tests.faults.scenario import Scenario
from tests.faults.stage import Stage


def play(stage: Stage) -> None:
    """Thousands of accepted jobs, FLUSHALL, and then a worker."""
    stage.terminate([stage.worker])
    asks = [stage.predict(respond_async=True) for _ in range(stage.size.jobs)]
    stage.send(asks, clients=24)
    destroyed = stage.servers.flush_redis([stage.system.queue(lane) for lane in Lane])
    assert destroyed, "FLUSHALL destroyed no message"
    stage.shown.append(f"{destroyed} messages were destroyed")
    stage.renew_worker()
    stage.recovered()


SCENARIO = Scenario("flushed-backlog", "FLUSHALL with a backlog of jobs queued", play)
