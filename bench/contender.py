"""What every contender of the benchmark is."""

from __future__ import annotations

import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.passengers import ID, Observation
from bench.stage import Stage


@dataclass(frozen=True, slots=True)
class Command:
    """One process of a contender; `environment` is what it gets beyond its stage's."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


class Contender(ABC):
    """A way of serving the pipeline over HTTP."""

    name: str
    # What tables call it.
    title: str
    about: str
    # Whether an answer means a committed row of the table `prediction`.
    stores = True
    path = "/predict"
    # Answers 200 when the contender can predict.
    ready_path = "/healthz"

    def prepare(self, say: Callable[[str], None]) -> None:  # noqa: B027
        """Install what it needs, once before a run; `say` tells what takes long.

        Raises:
            StartError: it cannot be installed.
        """

    @abstractmethod
    def commands(self, stage: Stage) -> list[Command]:
        """Its processes, in the order in which they start."""

    def body(self, observation: Observation) -> str:
        """The body of a request, on one line, with `ID` where the id goes."""
        return f'{{"id": {ID}, "observation": {json.dumps(observation)}}}'

    def proba(self, answer: Any) -> float:
        """The probability in the JSON of an answer."""
        return float(answer["proba"])

    def versions(self) -> dict[str, str]:
        """The versions of what it alone is made of."""
        return {}


def gunicorn(stage: Stage, application: str, *options: str) -> list[str]:
    """A gunicorn that serves an application factory of ours on the stage's port."""
    return [
        sys.executable, "-m", "gunicorn", f"{application}:create_app()",
        "--bind", f"127.0.0.1:{stage.port}", "--no-control-socket", "--log-level", "warning",
        *options,
    ]  # fmt: skip
