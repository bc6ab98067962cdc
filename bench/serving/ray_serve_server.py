"""The pipeline under Ray Serve: `python -m bench.serving.ray_serve_server PORT`.

Set up after its guides on dynamic request batching and on performance: a wait that is shorter than
a batch's own time, a replica for each core, and as many requests under way in a replica as two
batches hold, so that one gathers while the other is scored.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import ray
from ray import serve
from starlette.requests import Request

from bench.serving.pipeline import Pipeline

BATCH = 128
CHECKOUT = Path(__file__).resolve().parent.parent.parent


# A core is not reserved for each: the proxy and the controller want theirs too.
@serve.deployment(
    num_replicas=2, max_ongoing_requests=2 * BATCH, ray_actor_options={"num_cpus": 0.5}
)
class Titanic:
    """One observation a request, a list of them a batch."""

    def __init__(self) -> None:
        self.pipeline = Pipeline()

    @serve.batch(max_batch_size=BATCH, batch_wait_timeout_s=0.002)
    async def score(self, observations: list[dict[str, Any]]) -> list[float]:
        """Score a batch."""
        return self.pipeline.probabilities(observations)

    async def __call__(self, request: Request) -> dict[str, float]:
        """The body of an answer."""
        body = await request.json()
        return {"proba": await self.score(body["observation"])}


if __name__ == "__main__":
    # The replicas import this module by its name, from the checkout.
    environment = {"env_vars": {"PYTHONPATH": str(CHECKOUT), "OMP_NUM_THREADS": "1"}}
    ray.init(
        num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env=environment,
        object_store_memory=100_000_000,
    )  # fmt: skip
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1]), "access_log": False})
    serve.run(Titanic.bind(), route_prefix="/predict")
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    serve.shutdown()
    ray.shutdown()
