"""The usual way to put Celery behind Flask: a task for each request, its result kept in Redis.

Run as a module it is the worker; gunicorn serves `create_app`.
"""

from __future__ import annotations

import json
from typing import Any

from celery import Celery
from celery.signals import worker_process_init
from flask import Flask, jsonify, request
from sqlalchemy import Engine, create_engine

from bench.serving.ancestor import INSERT, LOCK, TABLE
from shared.settings import Settings

TASK = "bench.predict"
WAITS = 30.0


def make_celery(settings: Settings) -> Celery:
    """The app that both sides share: Redis carries the tasks and keeps the results."""
    app = Celery("task_per_request", broker=settings.redis_url, backend=settings.redis_url)
    app.conf.update(result_expires=60, broker_connection_retry_on_startup=True)
    return app


def create_app() -> Flask:
    """The gateway: sends the task and waits for its result."""
    celery = make_celery(Settings.from_environment())
    app = Flask("task_per_request")

    @app.get("/healthz")
    def healthz() -> Any:
        return "up"

    @app.post("/predict")
    def predict() -> Any:
        asked = request.get_json()
        result = celery.send_task(TASK, (asked["id"], asked["observation"]))
        return jsonify({"proba": result.get(timeout=WAITS)})

    return app


def run_worker() -> None:
    """A worker with two processes, as many as the other contenders score with."""
    # Here, because the gateway needs neither pandas nor scikit-learn.
    from bench.serving.pipeline import Pipeline

    settings = Settings.from_environment()
    celery = make_celery(settings)
    pipeline = Pipeline()
    child: dict[str, Engine] = {}

    def connect(**_: Any) -> None:
        child["engine"] = create_engine(settings.database_url)
        with child["engine"].begin() as connection:
            connection.execute(LOCK)
            connection.execute(TABLE)

    @celery.task(name=TASK)
    def predict(observation_id: int, observation: dict[str, Any]) -> float:
        proba = pipeline.probabilities([observation])[0]
        row = {"id": observation_id, "observation": json.dumps(observation), "proba": proba}
        with child["engine"].begin() as connection:
            connection.execute(INSERT, row)
        return proba

    worker_process_init.connect(connect, weak=False)
    celery.Worker(pool="prefork", concurrency=2, loglevel="WARNING").start()


if __name__ == "__main__":
    run_worker()
