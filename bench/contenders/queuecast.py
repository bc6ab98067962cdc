"""This checkout."""

from __future__ import annotations

import sys

from bench.contender import Command, Contender
from bench.stage import Stage


class Queuecast(Contender):
    """One gateway and one worker, with every setting at its default."""

    name = "queuecast"
    title = "**Queuecast**"
    about = "this checkout: one gateway, one worker, settings at their defaults"
    ready_path = "/readyz"

    def commands(self, stage: Stage) -> list[Command]:
        """The worker and the gateway, as `make run` starts them."""
        return [
            Command("the worker", [sys.executable, "-m", "worker"]),
            Command("the gateway", [sys.executable, "-m", "api"]),
        ]
