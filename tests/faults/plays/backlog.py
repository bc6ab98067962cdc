"""More is sent than is done: past the bound the answer is an honest 503."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.faults import evidence
from tests.faults.plays.poison import make_model
from tests.faults.record import Record
from tests.faults.scenario import Scenario
from tests.faults.stage import Stage
from tests.faults.traps import AGES
from tests.system import wait_for

LIMIT = 200
# Requests that were let in while others, which were let in too, were not committed yet.
_AT_ONCE = 64
_GROWTH = 8 * 1024 * 1024


def settings(folder: Path) -> Mapping[str, str]:
    """A slow model and a low bound."""
    return {"MODEL_DIR": str(make_model(folder)), "QUEUE_LIMIT": str(LIMIT)}


def play(stage: Stage) -> None:
    """Fill the queue, be refused, be served in between, see it drain, be accepted again."""
    memory = _redis_memory(stage)
    records: list[Record] = []
    stage.trouble()
    # Twice the bound, and the worker does about 60 of them in a second.
    for _ in range(LIMIT * 2 // _AT_ONCE + 1):
        asks = [stage.predict(respond_async=True, Age=AGES["dawdle"]) for _ in range(_AT_ONCE)]
        records += stage.send(asks, clients=_AT_ONCE)
    refused = [r for r in records if r.status == 503]
    assert refused, f"{len(records)} were sent, and none was refused"
    stage.shown.append(f"{len(refused)} were refused")
    for record in refused:
        after = int(record.retry_after or 0)
        assert 1 <= after <= 300, f"Retry-After: {record.retry_after}"
    waiting = evidence.unfinished(stage.system.database_url, stage.since)
    assert waiting <= LIMIT + _AT_ONCE, f"{waiting} wait, and {LIMIT} are allowed"
    interactive = stage.send([stage.predict() for _ in range(4)], clients=2)
    assert [r.status for r in interactive] == [200] * 4, [(r.status, r.body) for r in interactive]
    grown = _redis_memory(stage) - memory
    assert grown < _GROWTH, f"Redis has grown by {grown} bytes"
    wait_for(lambda: _accepted(stage), stage.size.deadline, "a job is accepted again")
    stage.recovered()


def _accepted(stage: Stage) -> bool:
    return stage.send([stage.predict(respond_async=True)], 1)[0].status == 202


def _redis_memory(stage: Stage) -> int:
    client = stage.servers.redis_client()
    try:
        return int(client.info("memory")["used_memory"])
    finally:
        client.close()


SCENARIO = Scenario(
    "backlog", f"more jobs than the bound of {LIMIT}, of a slow model", play,
    settings=settings, alone=True,
)  # fmt: skip
