"""Plays the short half of the matrix: three lanes beside each other, begun when the first of its
tests asks for its result."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future

import pytest

from tests.faults.lane import Lane
from tests.faults.result import Result
from tests.faults.size import QUICK

SEED = 4
# Each lane has its own Redis and PostgreSQL; they take about as long as each other.
LANES = (
    ("duplicates", "racing-updates", "late-labels", "garbage", "child-killed", "worker-killed",
     "gateway-killed", "all-stopped"),
    ("redis-paused", "redis-emptied", "postgres-killed"),
    ("flushed-backlog", "raising", "poison"),
)  # fmt: skip
NAMES = tuple(name for lane in LANES for name in lane)


@pytest.fixture(scope="module")
def results(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Result]]:
    """Waits for a scenario's result. Only those whose tests were selected are played."""
    wanted = {
        item.callspec.params.get("name")
        for item in request.session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
    }
    futures: dict[str, Future[Result]] = {name: Future() for name in NAMES}
    folder = tmp_path_factory.mktemp("faults")
    lanes = [
        Lane(mine, SEED, QUICK, folder / mine[0])
        for names in LANES
        if (mine := [name for name in names if name in wanted])
    ]
    threads = [threading.Thread(target=_play, args=(lane, futures)) for lane in lanes]
    for thread in threads:
        thread.start()
    try:
        yield lambda name: futures[name].result(timeout=300)
    finally:
        for lane in lanes:
            lane.stopping.set()
        for thread in threads:
            thread.join()


def _play(lane: Lane, futures: dict[str, Future[Result]]) -> None:
    try:
        lane.play(lambda name, result: futures[name].set_result(result))
    except BaseException as error:  # whoever waits has to hear of it
        for name in lane.names:
            if not futures[name].done():
                futures[name].set_exception(error)
