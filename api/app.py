"""The Flask app, wired in one place; importing this does nothing."""

from __future__ import annotations

from flask import Flask

from api.gateway import Gateway
from api.http import api_keys, responses
from api.http.api_keys import ApiKeys
from api.routes import health, jobs, predictions
from api.server.rsgi_app import Front
from shared.settings import Settings


def create_app(settings: Settings) -> Front:
    """Wire the app and start its threads.

    Raises:
        StartError: the database refuses us, or its schema is newer than this code.
    """
    gateway = Gateway(settings)
    app = Flask("queuecast", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body
    app.extensions["gateway"] = gateway
    # A path with a slash too many is unknown, not a redirect to the address that a client names.
    app.url_map.merge_slashes = False
    responses.register(app)
    allowed = ApiKeys(settings.api_key)
    api_keys.register(app, allowed)
    for routes in (predictions.routes, jobs.routes, health.routes):
        app.register_blueprint(routes(gateway))
    gateway.start()
    return Front(app, gateway, allowed)
