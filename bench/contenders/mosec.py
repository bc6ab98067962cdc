"""mosec: a front in Rust, worker processes in Python."""

from __future__ import annotations

from bench.contender import Command
from bench.peer import Peer
from bench.stage import Stage


class Mosec(Peer):
    """mosec with dynamic batching and a worker process for each core; see the server's module."""

    name = "mosec"
    title = "mosec 0.9.8 (Rust front)"
    about = "mosec 0.9.8 (Rust front), batching, 2 workers, stores nothing"
    pins = ("mosec==0.9.8",)
    path = "/inference"
    ready_path = "/"

    def commands(self, stage: Stage) -> list[Command]:
        """One server."""
        options = ["--address", "127.0.0.1", "--port", str(stage.port), "--log-level", "warning"]
        timeout = ["--timeout", "10000"]
        module = ["-m", "bench.serving.mosec_server"]
        return [Command("mosec", [self.python, *module, *options, *timeout])]
