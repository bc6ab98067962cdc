"""BentoML: a service class behind uvicorn, with a batch size that adapts."""

from __future__ import annotations

import json
from typing import Any

from bench.contender import Command
from bench.passengers import ID, Observation
from bench.peer import Peer
from bench.stage import Stage


class BentoML(Peer):
    """BentoML with adaptive batching and a worker for each core; see the service's module."""

    name = "bentoml"
    title = "BentoML 1.4.39"
    about = "BentoML 1.4.39, adaptive batching, 2 workers, stores nothing"
    pins = ("bentoml==1.4.39",)
    ready_path = "/readyz"

    def commands(self, stage: Stage) -> list[Command]:
        """One server."""
        serve = ["serve", "bench.serving.bentoml_service:Titanic", "--host", "127.0.0.1"]
        environment = {"BENTOML_HOME": str(stage.folder), "BENTOML_DO_NOT_TRACK": "True"}
        port = ["--port", str(stage.port), "--quiet"]
        return [Command("BentoML", [str(self.programs / "bentoml"), *serve, *port], environment)]

    def body(self, observation: Observation) -> str:
        """A batchable API takes lists, and joins those of several requests."""
        return f'{{"bodies": [{{"id": {ID}, "observation": {json.dumps(observation)}}}]}}'

    def proba(self, answer: Any) -> float:
        """The one probability of the list."""
        return float(answer[0])
