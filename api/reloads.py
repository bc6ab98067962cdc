"""How far the workers are with taking up the model anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from api.grouping.loop_broker import LoopBroker
from api.redis_watch import RedisWatch
from shared.errors import BusyError, UnknownReloadError
from shared.queue.messages import new_request_id
from shared.queue.reloads import ReloadOutcome, ReloadRequest, ReloadState, worker_of

# A worker that lives looks for requests every second, in seconds.
HEARD_WITHIN = 5.0
_SILENT = "it has not said that it heard of this: it may be of an earlier version; restart it"
_ENDED = "it has ended, or its model does not answer"


@dataclass(frozen=True, slots=True)
class Reload:
    """A request, and how far each worker is with it."""

    reload_id: str
    workers: tuple[ReloadOutcome, ...]

    @property
    def is_done(self) -> bool:
        """Whether nothing more will come."""
        return all(outcome.state.final for outcome in self.workers)

    @property
    def is_good(self) -> bool:
        """Whether each worker that lives serves what the folder holds."""
        good = (ReloadState.RELOADED, ReloadState.GONE)
        return any(o.state is ReloadState.RELOADED for o in self.workers) and all(
            outcome.state in good for outcome in self.workers
        )


class Reloads:
    """Asks the workers, and hears what they say."""

    def __init__(self, broker: LoopBroker, redis_watch: RedisWatch) -> None:
        self._broker = broker
        self._redis_watch = redis_watch

    async def ask(self) -> str:
        """Ask all workers to take up the model anew; the request's id.

        Raises:
            BrokerAwayError: Redis does not answer, or takes no writes.
        """
        self._redis_watch.refuse_when_away()
        reload_id = new_request_id()
        await self._broker.ask_for_reload(reload_id, self._alive())
        return reload_id

    async def look(self, reload_id: str) -> Reload:
        """How far they are.

        Raises:
            BrokerAwayError: Redis does not answer.
            BusyError: no worker answers.
            UnknownReloadError: there was no such request in the last minutes.
        """
        self._redis_watch.refuse_when_away()
        request, age, said = await self._broker.reload(reload_id)
        if request is None:
            raise UnknownReloadError(
                f"no reload of the id {reload_id[:64]} was asked for in the last minutes"
            )
        found = progress(request, age, said, self._alive())
        if not found and age > HEARD_WITHIN:
            raise BusyError("no worker answers")
        return Reload(reload_id, found)

    def _alive(self) -> list[str]:
        return sorted({worker_of(worker.name) for worker in self._redis_watch.queue.workers})


def progress(
    request: ReloadRequest, age: float, said: Iterable[ReloadOutcome], alive: Sequence[str]
) -> tuple[ReloadOutcome, ...]:
    """How far each worker is: those that were alive when they were asked, so many seconds ago, and
    any other that has answered. `said` has the newest last."""
    latest = {outcome.worker: outcome for outcome in said}
    found: list[ReloadOutcome] = []
    for worker in sorted({*request.workers, *latest}):
        outcome = latest.get(worker, ReloadOutcome(worker, ReloadState.RELOADING))
        if not outcome.state.final and age > HEARD_WITHIN:
            if worker in request.workers and worker not in alive:
                outcome = ReloadOutcome(worker, ReloadState.GONE, reason=_ENDED)
            elif worker not in latest:
                outcome = ReloadOutcome(worker, ReloadState.UNANSWERED, reason=_SILENT)
        found.append(outcome)
    return tuple(found)
