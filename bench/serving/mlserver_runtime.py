"""The pipeline under MLServer, as a custom runtime.

Set up after its guides on custom runtimes with JSON and on adaptive batching: a batch size, and a
wait well under a batch's own time.
"""

from __future__ import annotations

import json

from mlserver import MLModel
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput

from bench.serving.pipeline import Pipeline


class Titanic(MLModel):
    """One observation a request; MLServer joins the tensors of several."""

    async def load(self) -> bool:
        """Load the model."""
        self.pipeline = Pipeline()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Score the rows of the one input."""
        texts = payload.inputs[0].data.root
        probabilities = self.pipeline.probabilities([json.loads(text) for text in texts])
        output = ResponseOutput(
            name="proba", shape=[len(probabilities), 1], datatype="FP64", data=probabilities
        )
        return InferenceResponse(model_name=self.name, outputs=[output])
