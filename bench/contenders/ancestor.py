"""The shape that Queuecast grew out of: Flask, scoring and committing in the request."""

from __future__ import annotations

from bench.contender import Command, Contender, gunicorn
from bench.stage import Stage


class Ancestor(Contender):
    """Flask under gunicorn with two sync processes, PostgreSQL in the request."""

    name = "ancestor"
    title = "one Flask app that scores and stores in the request"
    about = "Flask + gunicorn x2, scores and commits to PostgreSQL in the request"

    def commands(self, stage: Stage) -> list[Command]:
        """One gunicorn."""
        serve = gunicorn(stage, "bench.serving.ancestor", "--workers", "2")
        return [Command("the ancestor", serve)]
