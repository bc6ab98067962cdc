"""A process that has the candidate loaded and scores batches for its parent."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from shared.errors import ArtifactError
from shared.signal_names import ending
from worker.model.artifacts import PIPELINE
from worker.model.loading import Model
from worker.orphans import end_with_parent
from worker.replay.batches import ScoredBatch, score_batch
from worker.scoring.time_limit import time_limit
from worker.scoring.trial import Trial, limit_threads


@dataclass(frozen=True, slots=True)
class Candidate:
    """The model of a folder, and what its trial has found. `limit` is how many seconds it may take
    for a batch, `threads` how many it may use, `columns` those whose values are asked for."""

    folder: Path
    trial: Trial
    limit: float
    threads: int
    columns: tuple[str, ...]


class ScoringProcess:
    """One child process. It hears and tells nothing but JSON: whoever made the pickle can make
    the process say anything."""

    def __init__(self, candidate: Candidate) -> None:
        """Start it; it loads the candidate by itself."""
        context = multiprocessing.get_context("fork")
        self.connection, other = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(other, self.connection, candidate), daemon=True
        )
        self._process.start()
        other.close()

    def wait_until_loaded(self) -> None:
        """Return as soon as it can score.

        Raises:
            ArtifactError: it cannot.
        """
        try:
            refused = json.loads(self.connection.recv_bytes())["refused"]
        except (EOFError, ConnectionError):
            raise ArtifactError(
                f"{PIPELINE}: the process that loaded it was {self.how_it_ended()}"
            ) from None
        if refused is not None:
            raise ArtifactError(refused)

    def give(self, bodies: Sequence[str]) -> None:
        """Let it score these; only when it has told what came of those before."""
        # One that has ended meanwhile is found by `take`.
        with contextlib.suppress(ConnectionError):
            self.connection.send_bytes(json.dumps(bodies).encode())

    def take(self) -> ScoredBatch | None:
        """What came of them; None when the process has ended over it."""
        try:
            return ScoredBatch.of_json(json.loads(self.connection.recv_bytes()))
        except (EOFError, ConnectionError):
            return None

    @property
    def was_too_slow(self) -> bool:
        """Whether it was ended because it took longer than its limit."""
        self._process.join()
        return self._process.exitcode == -signal.SIGALRM

    def how_it_ended(self) -> str:
        """In words that go after "the process was"."""
        self._process.join()
        return ending(self._process.exitcode or 0)

    def stop(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.join()
        self.connection.close()


def _serve(connection: Connection, parents: Connection, candidate: Candidate) -> None:
    parents.close()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_with_parent()
    limit_threads(candidate.threads)
    refused = None
    try:
        model = candidate.trial.load(candidate.folder)
    except ArtifactError as error:
        refused = str(error)
    connection.send_bytes(json.dumps({"refused": refused}).encode())
    if refused is None:
        limit_threads(candidate.threads)  # unpickling may have loaded more libraries
        _score(connection, model, candidate)
    # No `atexit`: what the model registered there may wait for ever.
    os._exit(0)


def _score(connection: Connection, model: Model, candidate: Candidate) -> None:
    while True:
        try:
            bodies = json.loads(connection.recv_bytes())
        except EOFError:
            return
        with time_limit(candidate.limit):
            found = score_batch(bodies, model, candidate.columns)
        connection.send_bytes(json.dumps(found.as_json()).encode())
