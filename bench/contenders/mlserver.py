"""MLServer: the V2 inference protocol, with adaptive batching."""

from __future__ import annotations

import json
from typing import Any

from bench.contender import Command
from bench.passengers import ID, Observation
from bench.peer import Peer
from bench.stage import Stage
from local.ports import free_port
from shared.settings import CHECKOUT

MODEL = "titanic"


class MLServer(Peer):
    """MLServer with a custom runtime and adaptive batching; see the runtime's module."""

    name = "mlserver"
    title = "MLServer 1.7.1"
    about = "MLServer 1.7.1, adaptive batching, 1 parallel worker, stores nothing"
    # Its parallel worker asks for a loop that uvloop 0.22 and later no longer make by themselves.
    pins = ("mlserver==1.7.1", "uvloop==0.21.0")
    path = f"/v2/models/{MODEL}/infer"
    ready_path = f"/v2/models/{MODEL}/ready"

    def commands(self, stage: Stage) -> list[Command]:
        """One server, on settings written into the stage's folder."""
        server = {
            "debug": False,
            "host": "127.0.0.1",
            "http_port": stage.port,
            "grpc_port": free_port(),
            "metrics_endpoint": None,
            "metrics_dir": str(stage.folder),
            "environments_dir": str(stage.folder),
            "gzip_enabled": False,
            "parallel_workers": 1,
        }
        model = {
            "name": MODEL,
            "implementation": "bench.serving.mlserver_runtime.Titanic",
            "max_batch_size": 128,
            "max_batch_time": 0.002,
        }
        (stage.folder / "settings.json").write_text(json.dumps(server))
        (stage.folder / "model-settings.json").write_text(json.dumps(model))
        start = [str(self.programs / "mlserver"), "start", str(stage.folder)]
        return [Command("MLServer", start, {"PYTHONPATH": str(CHECKOUT)})]

    def body(self, observation: Observation) -> str:
        """One text tensor with the observation as JSON, which it decodes faster than eight."""
        tensor = {
            "name": "observation",
            "datatype": "BYTES",
            "shape": [1, 1],
            "data": [json.dumps(observation)],
        }
        return f'{{"id": "{ID}", "inputs": [{json.dumps(tensor)}]}}'

    def proba(self, answer: Any) -> float:
        """The one number of the one output."""
        return float(answer["outputs"][0]["data"][0])
