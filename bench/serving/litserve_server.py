"""The pipeline under LitServe: `python -m bench.serving.litserve_server PORT`.

Set up after its guides on batching and parallelism: a batch size, a wait well under a batch's own
time, a worker for each core, and the queue (`fast_queue`) that it advises for many requests. Other
settings were tried on two cores: without that queue, or with waits of 10 and 50 ms, it answers 0.99
to 1.13 times as many requests at 256 clients, and 0.56 to 0.94 times as many at 32.
"""

import sys
from typing import Any

import litserve

from bench.serving.pipeline import Pipeline

# No postponed annotations here: LitServe makes its routes from the types of two methods.


class Titanic(litserve.LitAPI):
    """One observation a request, a list of them a batch."""

    def setup(self, device: str) -> None:
        """Load the model, in each worker."""
        self.pipeline = Pipeline()

    def decode_request(self, request: dict[str, Any]) -> dict[str, Any]:
        """The observation of a body."""
        observation: dict[str, Any] = request["observation"]
        return observation

    def batch(self, inputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """A batch is the list as it is."""
        return inputs

    def predict(self, batch: list[dict[str, Any]]) -> list[float]:
        """Score a batch."""
        return self.pipeline.probabilities(batch)

    def unbatch(self, output: list[float]) -> list[float]:
        """One probability for each request."""
        return output

    def encode_response(self, output: float) -> dict[str, float]:
        """The body of an answer."""
        return {"proba": output}


if __name__ == "__main__":
    server = litserve.LitServer(
        Titanic(max_batch_size=128, batch_timeout=0.002),
        accelerator="cpu",
        workers_per_device=2,
        fast_queue=True,
    )
    server.run(
        host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", generate_client_file=False
    )
