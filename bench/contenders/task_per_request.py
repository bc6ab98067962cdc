"""The usual way to put a queue behind Flask: one Celery task for each request."""

from __future__ import annotations

import sys

from bench.contender import Command, Contender, gunicorn
from bench.stage import Stage


class TaskPerRequest(Contender):
    """Flask under gunicorn with threads, a Celery task a request, its result in Redis."""

    name = "task_per_request"
    title = "one Celery task per request"
    about = "Flask + gunicorn gthread, one Celery task per request, Redis result backend"

    def commands(self, stage: Stage) -> list[Command]:
        """The worker, and a gateway with a thread for every client that may wait."""
        module = "bench.serving.task_per_request"
        threads = ("--worker-class", "gthread", "--workers", "2", "--threads", "128")
        return [
            Command("the Celery worker", [sys.executable, "-m", module]),
            Command("the Flask gateway", gunicorn(stage, module, *threads)),
        ]
