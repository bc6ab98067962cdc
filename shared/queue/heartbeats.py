"""How the workers that are alive are written down in Redis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.queue.messages import Lane


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker that is alive, the version of the model that it has loaded, and the lanes that it
    takes work from."""

    name: str
    model_version: str
    lanes: tuple[Lane, ...] = tuple(Lane)


def said_with(model_version: str, lanes: Sequence[Lane]) -> str:
    """What a worker's heartbeat says of it: its model's version, and its lanes unless it takes from
    all of them."""
    if len(lanes) == len(Lane):
        return model_version
    return f"{model_version} {','.join(lane.word for lane in lanes)}"


def alive(now: Sequence[int], beats: Any) -> list[Worker]:
    """Whose heartbeat lasts still: `now` is what TIME answers, `beats` the scored heartbeats."""
    names = [name for name, until in beats if until >= now[0]]
    return [_worker(*name.split(" ")) for name in names if " " in name]


def _worker(name: str, model_version: str, lanes: str = "", *_: str) -> Worker:
    """A neighbouring version may say more, or something else behind the first two."""
    found = tuple(lane for lane in Lane if lane.word in lanes.split(","))
    return Worker(name, model_version, found or tuple(Lane))
