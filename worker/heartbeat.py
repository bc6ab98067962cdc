"""The sign of life by which gateways know that this worker has a model that answers."""

from __future__ import annotations

import logging

from shared.queue.broker import Broker
from worker.served_model import ServedModel

log = logging.getLogger(__name__)

# In seconds. A worker that misses a few beats in a row counts as gone.
EVERY, LASTS = 1.0, 5
# How often the model is looked at when it does not answer yet, or not any more.
LOOK_EVERY = 0.1


class Heartbeat:
    """The sign of life of the worker `name`, which lasts as long as its model answers."""

    def __init__(self, name: str, served: ServedModel, processes: int, broker: Broker) -> None:
        self._name = name
        self._served = served
        self._processes = processes
        self._broker = broker
        self._is_ready = False

    @property
    def pause(self) -> float:
        """In how many seconds `beat` is to be called again."""
        return EVERY if self._is_ready else LOOK_EVERY

    def beat(self) -> None:
        """Say that this worker is alive and its model answers, or take that back.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        version = self._served.version
        answers = self._served.state.answers
        if answers:
            self._broker.beat(self._name, version, LASTS)
            if not self._is_ready:
                log.info("ready: model %s, %d processes", version, self._processes)
        elif self._is_ready:
            self._broker.stop_beating(self._name, version)
        self._is_ready = answers

    def let_children_end(self) -> None:
        """Let children that are still warming up end: the worker stops. A signal handler may call
        this."""
        self._served.state.stop()

    def stop(self) -> None:
        """Say that this worker takes no more work, so that nobody counts on it until it expires.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        self._broker.stop_beating(self._name, self._served.version)
