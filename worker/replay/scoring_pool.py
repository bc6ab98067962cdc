"""Lets several processes score batches, and finds the rows that end a process."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Self

from shared.db.stored_observations import StoredObservation
from shared.errors import ArtifactError
from worker.model.artifacts import PIPELINE
from worker.replay.batches import ScoredBatch
from worker.replay.scoring_process import Candidate, ScoringProcess

Batch = Sequence[StoredObservation]
Scored = tuple[Batch, ScoredBatch]

# Rows in one frame at most. More make it no faster; of a row by itself, fewer show progress.
LARGEST, LARGEST_ROW_BY_ROW = 4096, 256
# After so many rows that have ended a process, the candidate is given up: to find each takes a
# dozen processes, and perhaps as many times the limit.
MOST_KILLERS = 10


class ScoringPool:
    """So many processes with the candidate, for the time of a `with` block, which begins when they
    have loaded it; an `ArtifactError` when they cannot."""

    def __init__(self, candidate: Candidate, processes: int) -> None:
        self._candidate = candidate
        self._most_rows = LARGEST_ROW_BY_ROW if candidate.trial.row_by_row else LARGEST
        self._largest = self._most_rows
        self._idle = [ScoringProcess(candidate) for _ in range(processes)]
        self._busy: dict[Connection, tuple[ScoringProcess, Batch]] = {}
        self._waiting: deque[Batch] = deque()
        self._killers = 0

    def __enter__(self) -> Self:
        try:
            for process in self._idle:
                process.wait_until_loaded()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        for process in [*self._idle, *(process for process, _ in self._busy.values())]:
            process.stop()

    def score(self, batches: Iterator[Batch]) -> Iterator[Scored]:
        """Score all batches, in parts and in any order; an empty one ends it.

        Raises:
            ArtifactError: the candidate cannot be loaded again, or ends every process.
        """
        more = True
        while True:
            # One batch is read ahead, while the processes are busy.
            while more and len(self._waiting) <= len(self._idle):
                batch = next(batches, ())
                more = bool(batch)
                self._waiting.extend([batch] if batch else [])
            while self._idle and self._waiting:
                self._give(self._waiting.popleft())
            if not self._busy:
                return
            for connection in wait(list(self._busy)):
                assert isinstance(connection, Connection)
                yield from self._take(connection)

    def _give(self, batch: Batch) -> None:
        if len(batch) > self._largest:
            self._waiting.appendleft(batch[self._largest :])
            batch = batch[: self._largest]
        process = self._idle.pop()
        process.give([row.body for row in batch])
        self._busy[process.connection] = (process, batch)

    def _take(self, connection: Connection) -> Iterator[Scored]:
        process, batch = self._busy.pop(connection)
        found = process.take()
        if found is not None:
            self._idle.append(process)
            yield batch, found
            return
        process.stop()
        if len(batch) == 1:
            # It was this row that took so long, not the number of rows.
            self._largest = self._most_rows
            yield batch, self._killed(process)
        else:
            if process.was_too_slow:
                self._largest = max(1, len(batch) // 2)
            middle = len(batch) // 2
            self._waiting.extendleft([batch[middle:], batch[:middle]])
        another = ScoringProcess(self._candidate)
        self._idle.append(another)
        another.wait_until_loaded()

    def _killed(self, process: ScoringProcess) -> ScoredBatch:
        self._killers += 1
        if self._killers > MOST_KILLERS:
            raise ArtifactError(
                f"{PIPELINE}: more than {MOST_KILLERS} observations ended the process that scored "
                f"them, which was {process.how_it_ended()} the last time"
            )
        if process.was_too_slow:
            reason = f"the model has not answered it in {self._candidate.limit:g} s (TASK_LIMIT)"
        else:
            reason = f"the process that scored it was {process.how_it_ended()}"
        missing: dict[str, list[float | str | None]] = {c: [None] for c in self._candidate.columns}
        return ScoredBatch([None], {0: reason}, {}, missing)
