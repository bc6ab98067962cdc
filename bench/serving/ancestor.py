"""The ancestor's shape: one Flask app that scores in the request and stores with a commit.

Written for this benchmark, not the ancestor's own code. It is given what a careful deployment of
it would have: a connection kept open, and the frame that the other contenders have.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Flask, jsonify, request
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from bench.serving.pipeline import Pipeline
from shared.settings import Settings

TABLE = text(
    "CREATE TABLE IF NOT EXISTS prediction (id bigserial PRIMARY KEY, observation_id bigint "
    "UNIQUE, observation text, proba double precision, true_class integer)"
)
INSERT = text(
    "INSERT INTO prediction (observation_id, observation, proba) VALUES (:id, :observation, :proba)"
)
SELECT = text("SELECT proba FROM prediction WHERE observation_id = :id")
# Two processes that create a table at once race in PostgreSQL.
LOCK = text("SELECT pg_advisory_xact_lock(1)")


def create_app() -> Flask:
    """The app; called once in each gunicorn process."""
    engine = create_engine(Settings.from_environment().database_url)
    with engine.begin() as connection:
        connection.execute(LOCK)
        connection.execute(TABLE)
    pipeline = Pipeline()
    app = Flask("ancestor")

    @app.get("/healthz")
    def healthz() -> Any:
        return "up"

    @app.post("/predict")
    def predict() -> Any:
        asked = request.get_json()
        observation = asked["observation"]
        proba = pipeline.probabilities([observation])[0]
        row = {"id": asked["id"], "observation": json.dumps(observation), "proba": proba}
        try:
            with engine.begin() as connection:
                connection.execute(INSERT, row)
        except IntegrityError:
            with engine.begin() as connection:
                proba = connection.execute(SELECT, {"id": asked["id"]}).scalar_one()
            error = f'Observation ID: "{asked["id"]}" already exists'
            return jsonify({"error": error, "proba": proba})
        return jsonify({"proba": proba})

    return app
