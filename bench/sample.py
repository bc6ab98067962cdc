"""A sample of a contender's answers, checked while a load goes on beside it."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from types import TracebackType

from bench.client import Answer, Client, Outcome, Target
from bench.latencies import TIMEOUT
from bench.load import Figures

# Each sampling client rests between its requests, so that it is no load of its own.
REST = 0.05
# A sampling client for each so many clients of the load.
CLIENTS_FOR_EACH = 64


@dataclass
class Sample:
    """Asks on a thread of its own from entering to leaving; leaving waits for the last answers."""

    target: Target
    first_id: int
    clients: int
    answers: list[Answer] = field(default_factory=list)
    _error: Exception | None = None

    def __enter__(self) -> Sample:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        """End it.

        Raises:
            WrongAnswerError: an answer was not the pipeline's.
        """
        self._ended.set()
        self._thread.join()
        if kind is None and self._error is not None:
            raise self._error

    @property
    def ok(self) -> int:
        """How many requests were answered 200, all of them rightly."""
        return sum(answer.ok for answer in self.answers)

    def _run(self) -> None:
        try:
            asyncio.run(self._ask_all())
        except Exception as error:
            self._error = error

    async def _ask_all(self) -> None:
        ids = itertools.count(self.first_id)
        await asyncio.gather(*(self._ask(ids) for _ in range(self.clients)))

    async def _ask(self, ids: itertools.count[int]) -> None:
        client = Client(self.target)
        try:
            while not self._ended.is_set():
                self.answers.append(await client.ask(next(ids)))
                await asyncio.sleep(REST)
        finally:
            await client.close()


def clients_for(load_clients: int) -> int:
    """How many sampling clients go beside a load of so many clients."""
    return max(1, load_clients // CLIENTS_FOR_EACH)


def with_sample(figures: Figures, answers: list[Answer]) -> Figures:
    """A load's figures with the failures of a sample that was asked for beside it.

    wrk does not count a request that it still waits for when its time is up, so that a contender
    could hide those that it never answers. A sample waits for each of its own. When more than one
    of a hundred of them failed, the p99 is the time-out.
    """
    outcomes = Counter(answer.outcome for answer in answers)
    failed = len(answers) - outcomes[Outcome.OK]
    return replace(
        figures,
        refused=figures.refused + outcomes[Outcome.REFUSED],
        broken=figures.broken + outcomes[Outcome.BROKEN],
        timeouts=figures.timeouts + outcomes[Outcome.TIMEOUT],
        checked=figures.checked + outcomes[Outcome.OK],
        p50_ms=TIMEOUT * 1000.0 if failed * 2 > len(answers) else figures.p50_ms,
        p99_ms=TIMEOUT * 1000.0 if failed * 100 > len(answers) else figures.p99_ms,
    )
