"""Ray Serve: replicas as actors of a Ray cluster of one machine, behind a proxy of its own."""

from __future__ import annotations

from bench.contender import Command
from bench.peer import Peer
from bench.stage import Stage


class RayServe(Peer):
    """Ray Serve with dynamic batching and a replica for each core; see the server's module."""

    name = "ray_serve"
    title = "Ray Serve 2.60.0"
    about = "Ray Serve 2.60.0, dynamic batching, 2 replicas, stores nothing"
    pins = ("ray[serve]==2.60.0",)
    ready_path = "/-/healthz"

    def commands(self, stage: Stage) -> list[Command]:
        """One process, which starts the cluster and ends it."""
        module = ["-m", "bench.serving.ray_serve_server", str(stage.port)]
        environment = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": "/tmp"}
        return [Command("Ray Serve", [self.python, *module], environment)]
