"""GET /healthz: this process is up. GET /readyz: everything that it needs answers."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response
from sqlalchemy import text

from api.gateway import Gateway
from api.http.responses import answer
from shared.errors import UnavailableError


def routes(gateway: Gateway) -> Blueprint:
    """The routes on health; they need no key."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return answer({"status": "up"})

    @blueprint.get("/readyz")
    def readyz() -> Response:
        checks = {
            "database": lambda: _database(gateway),
            "redis": lambda: _redis(gateway),
            "worker": lambda: _worker(gateway),
        }
        states = {name: _state(check) for name, check in checks.items()}
        missing = [name for name, state in states.items() if state != "ready"]
        if missing:
            error = f"not ready: {', '.join(missing)}"
            headers = {"Retry-After": "1"}
            return answer({"status": "not ready", **states, "error": error}, 503, headers)
        return answer({"status": "ready", **states})

    return blueprint


def _state(check: Callable[[], str]) -> str:
    try:
        return check()
    except UnavailableError as error:
        return str(error)


def _database(gateway: Gateway) -> str:
    gateway.database.read(lambda connection: connection.execute(text("SELECT 1")))
    return "ready"


def _redis(gateway: Gateway) -> str:
    gateway.broker.ping()
    return "ready"


def _worker(gateway: Gateway) -> str:
    return "ready" if gateway.broker.workers() else "no worker with a loaded model answers"
