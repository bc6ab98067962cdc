"""The contenders by name, in the order of their turns; ratios are to the first."""

from __future__ import annotations

from pathlib import Path

from bench.contender import Contender
from bench.contenders.ancestor import Ancestor
from bench.contenders.bentoml import BentoML
from bench.contenders.litserve import LitServe
from bench.contenders.mlserver import MLServer
from bench.contenders.mosec import Mosec
from bench.contenders.queuecast import Queuecast
from bench.contenders.ray_serve import RayServe
from bench.contenders.task_per_request import TaskPerRequest
from bench.peer import Peer

BASELINES: dict[str, type[Contender]] = {
    kind.name: kind for kind in (Ancestor, TaskPerRequest, Queuecast)
}
PEERS: dict[str, type[Peer]] = {
    kind.name: kind for kind in (LitServe, MLServer, BentoML, Mosec, RayServe)
}


def make(name: str, venvs: Path, python: str) -> Contender:
    """A contender by name; peers are installed into a folder of `venvs` by `python`."""
    return PEERS[name](venvs, python) if name in PEERS else BASELINES[name]()
