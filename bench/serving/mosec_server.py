"""The pipeline under mosec: `python -m bench.serving.mosec_server --port PORT`.

Set up after its README: dynamic batching, a wait that is shorter than a batch's own time, and a
process for each core.
"""

from __future__ import annotations

from typing import Any

from mosec import Server, Worker

from bench.serving.pipeline import Pipeline


class Titanic(Worker):
    """One observation a request, a list of them a batch."""

    def __init__(self) -> None:
        super().__init__()
        self.pipeline = Pipeline()

    def forward(self, data: list[dict[str, Any]]) -> list[dict[str, float]]:
        """Score a batch of bodies."""
        probabilities = self.pipeline.probabilities([body["observation"] for body in data])
        return [{"proba": proba} for proba in probabilities]


if __name__ == "__main__":
    server = Server()
    server.append_worker(Titanic, num=2, max_batch_size=128, max_wait_time=2)
    server.run()
