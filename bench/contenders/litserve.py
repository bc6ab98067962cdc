"""LitServe: FastAPI in front of worker processes, with a batch that waits for company."""

from __future__ import annotations

from bench.contender import Command
from bench.peer import Peer
from bench.stage import Stage


class LitServe(Peer):
    """LitServe with batching and a worker process for each core; see the server's module."""

    name = "litserve"
    title = "LitServe 0.2.19"
    about = "LitServe 0.2.19, batching, 2 workers, stores nothing"
    pins = ("litserve==0.2.19",)
    ready_path = "/health"

    def commands(self, stage: Stage) -> list[Command]:
        """One server."""
        module = ["-m", "bench.serving.litserve_server", str(stage.port)]
        return [Command("LitServe", [self.python, *module])]
