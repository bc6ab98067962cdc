"""Everything that one gateway process serves, wired in one place; importing this does nothing."""

from __future__ import annotations

from flask import Flask

from api.gateway import Gateway
from api.http.api_keys import ApiKeys
from api.http.byte_budget import ByteBudget
from api.http.cors import Cors
from api.http.routing import Route, Router
from api.page.page_file import page_files
from api.routes import batches, docs, health, jobs, listings, models, openapi, predictions
from api.server.body_reader import BodyLimits, BodyReader
from api.server.door import Door
from api.server.flask_threads import FlaskThreads
from api.server.request_log import RequestLog
from api.server.server import Application
from shared.settings import Settings


def create_app(settings: Settings) -> Application:
    """Wire the gateway, and see that its database takes it; to be called before this process has
    other threads.

    Raises:
        StartError: the database refuses us, or its schema is newer than this code.
    """
    gateway = Gateway(settings)
    gateway.prepare()
    app = create_flask(gateway)
    limits = BodyLimits(settings.max_body, settings.body_timeout, settings.body_stall)
    bodies = BodyReader(limits)
    door = Door(
        Router(waiting_routes(gateway), app.url_map),
        FlaskThreads(app, settings.gateway_threads),
        ApiKeys(settings.api_key),
        Cors(settings.cors_origins),
        bodies,
        ByteBudget(settings.max_bodies),
        [RequestLog()] if settings.log_level == "DEBUG" else [],
    )

    def hand_back() -> None:
        bodies.stop()
        gateway.hand_back()

    return Application(door, gateway.start, door.send_away, hand_back, gateway.close)


def waiting_routes(gateway: Gateway) -> list[Route]:
    """The routes that wait for a worker, or for nothing at all."""
    files = page_files()
    return [
        *predictions.routes(gateway),
        *jobs.routes(gateway),
        *batches.routes(gateway),
        *models.routes(gateway),
        *health.routes(gateway),
        *openapi.routes(gateway, files),
        *docs.routes(files),
    ]


def create_flask(gateway: Gateway) -> Flask:
    """The Flask app: the routes that do not wait."""
    app = Flask("queuecast", static_folder=None)
    # A path with a slash too many is unknown, not a redirect to the address that a client names.
    app.url_map.merge_slashes = False
    for blueprint in (listings.blueprint, jobs.blueprint, batches.blueprint):
        app.register_blueprint(blueprint(gateway))
    return app
