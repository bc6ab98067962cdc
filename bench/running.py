"""A contender while it runs: started, asked, stopped."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Any

import psutil

from bench.checking import WrongAnswerError, compare
from bench.contender import Contender
from bench.interruption import uninterrupted
from bench.passengers import (
    FIRST_PROBA,
    ID,
    Ids,
    Observation,
    expected,
    observations,
)
from bench.stage import Stage
from local.part import Part
from shared.errors import StartError
from shared.settings import CHECKOUT

READY_WITHIN = 90.0
STOPS_WITHIN = 25.0
ANSWERS_WITHIN = 60.0
# How many passengers are asked about at once, and by how many clients, so that they share batches.
CHECKED, CHECKED_BY = 96, 16


class Running:
    """The processes of one contender on its stage; a context manager that ends all of them."""

    def __init__(self, contender: Contender, stage: Stage, ids: Ids) -> None:
        self.contender = contender
        self.stage = stage
        self.parts: list[Part] = []
        # How many ids of each block were answered 200, by the block's first id.
        self.answered: Counter[int] = Counter()
        self._ids = ids

    def __enter__(self) -> Running:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def url(self) -> str:
        """Where predictions are asked for."""
        return f"http://127.0.0.1:{self.stage.port}{self.contender.path}"

    def check(self) -> None:
        """Ask about the first passenger alone, then about many at once.

        Raises:
            WrongAnswerError: an answer is not the pipeline's.
        """
        compare(self.contender.name, 0, self._ask_one(), FIRST_PROBA)
        first = self._ids.block()
        with ThreadPoolExecutor(CHECKED_BY) as pool:
            answers = list(pool.map(self.ask, range(first, first + CHECKED)))
        self.answered[first] += CHECKED
        for position, answer in enumerate(answers):
            compare(self.contender.name, position, answer, expected()[position])

    def settle(self) -> None:
        """Wait until what the load before has left in queues is done.

        A generator drops what is under way when its time is up; a slow contender would begin its
        next load with seconds of work that nobody waits for. Queues are first in, first out, so
        one more request is answered when that work is done.
        """
        self._ask_one()

    def ask(self, observation_id: int) -> float:
        """The contender's probability for the passenger that the id is for.

        Raises:
            WrongAnswerError: the answer is not a 200 with a probability.
        """
        observation = observations()[observation_id % len(observations())]
        status, text = self._post(observation, observation_id)
        try:
            if status == 200:
                return self.contender.proba(json.loads(text))
        except (ValueError, KeyError, IndexError, TypeError):
            pass
        shown = text[:200].decode(errors="replace")
        raise WrongAnswerError(f"{self.contender.name} answered {status}: {shown}")

    def _ask_one(self) -> float:
        first = self._ids.block()
        answer = self.ask(first)
        self.answered[first] += 1
        return answer

    def _post(self, observation: Observation, observation_id: int) -> tuple[int, bytes]:
        body = self.contender.body(observation).replace(ID, str(observation_id))
        try:
            return self._call("POST", self.contender.path, body)
        except (OSError, HTTPException) as error:
            raise WrongAnswerError(f"{self.contender.name} did not answer: {error}") from error

    def _call(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.stage.port, timeout=ANSWERS_WITHIN)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _start(self) -> None:
        environment = self.stage.environment
        with self.stage.log.open("ab") as log, uninterrupted():
            for command in self.contender.commands(self.stage):
                given = {**environment, **command.environment}
                self.parts.append(Part(command.name, command.arguments, given, log, CHECKOUT))
        try:
            for part in reversed(self.parts):
                part.wait_until(self._is_ready, READY_WITHIN)
        except StartError as error:
            raise StartError(f"{error}; see {self.stage.log}") from error

    def _is_ready(self) -> bool:
        try:
            return self._call("GET", self.contender.ready_path)[0] == 200
        except (OSError, HTTPException):
            return False

    def _stop(self) -> None:
        # Some servers put their children into sessions of their own.
        family = [child for part in self.parts for child in descendants(part)]
        for part in reversed(self.parts):
            part.stop(STOPS_WITHIN)
            part.kill()
        _, alive = psutil.wait_procs(family, timeout=1.0)
        for process in alive:
            process.kill()


def descendants(part: Part) -> list[Any]:
    """The processes that a part has started, and those that they have."""
    try:
        return list(psutil.Process(part.process.pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []
