"""The pipeline under BentoML: `bentoml serve bench.serving.bentoml_service:Titanic`.

Set up after its guides on adaptive batching, workers and concurrency: a batchable API, whose wait
it finds by itself, a worker for each core, and as many requests at once as a batch holds.
"""

from typing import Any

import bentoml

from bench.serving.pipeline import Pipeline

BATCH = 128

# No postponed annotations here: BentoML reads the types of an API when it is defined.


@bentoml.service(
    workers=2, traffic={"timeout": 10, "concurrency": BATCH}, metrics={"enabled": False}
)
class Titanic:
    """One observation a request, a list of them a batch."""

    def __init__(self) -> None:
        self.pipeline = Pipeline()

    @bentoml.api(batchable=True, max_batch_size=BATCH, max_latency_ms=5000, route="/predict")
    def predict(self, bodies: list[dict[str, Any]]) -> list[float]:
        """Score a batch of bodies."""
        return self.pipeline.probabilities([body["observation"] for body in bodies])
