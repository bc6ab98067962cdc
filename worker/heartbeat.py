"""The sign of life by which gateways know that this worker has a loaded model."""

from __future__ import annotations

from shared.queue.broker import Broker

# In seconds. A worker that misses a few beats in a row counts as gone.
EVERY, LASTS = 1.0, 5


class Heartbeat:
    """The sign of life of the worker `name`, which serves this version of its model."""

    def __init__(self, name: str, version: str, broker: Broker) -> None:
        self._name = name
        self._version = version
        self._broker = broker

    def beat(self) -> None:
        """Say that this worker is alive; to be called every `EVERY` seconds.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        self._broker.beat(self._name, self._version, LASTS)

    def stop(self) -> None:
        """Say that this worker takes no more work, so that nobody counts on it until it expires.

        Raises:
            BrokerAwayError: Redis does not answer.
        """
        self._broker.stop_beating(self._name, self._version)
