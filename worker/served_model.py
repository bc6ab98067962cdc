"""The model that a worker serves, as each of its processes comes by it and vouches for it."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from shared.errors import ArtifactError, ModelFaultError, QueuecastError, UnansweredError
from worker.model.artifacts import PIPELINE
from worker.model.loading import Model
from worker.model.model_files import ModelFiles
from worker.model_state import ModelState
from worker.scoring.scoring import Score, score
from worker.scoring.time_limit import time_limit
from worker.scoring.trial import Trial

log = logging.getLogger(__name__)

# Between two tries of a child whose model does not answer, in seconds.
TRY_EVERY = 5.0


class ServedModel:
    """Made in the parent process, which unpickles, so that children share the pages, where that
    starts no threads; else each child does, from what was tried, whatever the folder holds by then.
    `limit` is in seconds, as `TASK_LIMIT`."""

    def __init__(self, files: ModelFiles, trial: Trial, limit: float) -> None:
        self._folder = files.folder
        # What children are still to read.
        self._files = files if trial.makes_threads else None
        self._trial = trial
        self._limit = limit
        self._model = None if trial.makes_threads else self._trial.load(files.folder, files)
        # A row that was answered; when it is not any more, the model is at fault.
        self._answered = trial.answered
        self.state = ModelState()
        self.is_warm = False

    @property
    def version(self) -> str:
        """The version of its three files."""
        return self._trial.version

    @property
    def description(self) -> dict[str, Any]:
        """What it is like, as JSON: that of `worker.model.description`."""
        return self._trial.description

    @property
    def model(self) -> Model:
        """The model, in a child that has warmed up."""
        if self._model is None:
            raise ArtifactError(f"{PIPELINE} is not loaded")
        return self._model

    def warm_up(self) -> None:
        """In a new child, before its first task: return only when the model answers.

        A child in which it hangs is ended by the kernel, and replaced."""
        pause = threading.Event()
        while True:
            try:
                if self._model is None:
                    self._model = self._trial.load(self._folder, self._files)
                if self._answered is not None:
                    with time_limit(self._limit):
                        self._check_answers()
            except BaseException as error:  # unpickling runs anything, so it raises anything
                self._failed(error)
                pause.wait(TRY_EVERY)
                continue
            self.state.has_answered()
            self.is_warm = True
            return

    def judge(self, bodies: Sequence[str], scores: Sequence[Score]) -> list[Score]:
        """These scores, with a `ModelFaultError` in place of what the model could not answer when
        it answers nothing any more: no row of the group, and not the one that it answered before.
        """
        unanswered = [s for s in scores if _unanswered(s)]
        if not unanswered:
            self._remember(bodies, scores)
            return list(scores)
        if any(s.error is None for s in scores):
            return list(scores)
        fault = self._fault()
        if fault is None:
            return list(scores)
        return [replace(s, error=fault) if _unanswered(s) else s for s in scores]

    def judge_piece(self, errors: Sequence[QueuecastError], is_answered: bool) -> None:
        """The same of a piece of a batch: these errors were answered, and perhaps answers.

        Raises:
            ModelFaultError: the model answers nothing any more.
        """
        if errors and not is_answered:
            fault = self._fault()
            if fault is not None:
                raise fault

    def _fault(self) -> ModelFaultError | None:
        """The model's, when it does not answer what it answered before."""
        if self._answered is None:
            return None
        try:
            with time_limit(self._limit):
                self._check_answers()
        except (UnansweredError, ArtifactError) as error:
            self._failed(error)
            return ModelFaultError(f"the model does not answer any more: {error}")
        return None

    def _remember(self, bodies: Sequence[str], scores: Sequence[Score]) -> None:
        if self._answered is not None and self.state.answers:
            return
        for body, found in zip(bodies, scores, strict=True):
            if found.error is None:
                self._answered = self._answered or json.loads(body)["observation"]
                self.state.has_answered()
                return

    def _check_answers(self) -> None:
        body = json.dumps({"id": 0, "observation": self._answered})
        error = score([body], self.model)[0].error
        if error is not None:
            raise error

    def _failed(self, error: BaseException) -> None:
        if self.state.has_failed():
            log.error(
                "the model does not answer, so this worker is not ready: %s",
                error, exc_info=error.__cause__ or error,
            )  # fmt: skip


def _unanswered(found: Score) -> bool:
    return isinstance(found.error, UnansweredError | ArtifactError)
