"""How the workers that are alive are written down in Redis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker that is alive, and the version of the model that it has loaded."""

    name: str
    model_version: str


def alive(now: Sequence[int], beats: Any) -> list[Worker]:
    """Whose heartbeat lasts still: `now` is what TIME answers, `beats` the scored heartbeats."""
    names = [name for name, until in beats if until >= now[0]]
    # A neighbouring version may say more behind these two.
    return [Worker(*name.split(" ")[:2]) for name in names if " " in name]
