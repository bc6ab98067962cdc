"""The Flask app, wired in one place; importing this does nothing."""

from __future__ import annotations

from flask import Flask

from api import health, jobs, keys, predictions, problems
from api.gateway import Gateway
from api.keys import Keys
from api.shortcut import shortcut
from shared.settings import Settings


def create_app(settings: Settings) -> Flask:
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
    problems.register(app)
    allowed = Keys(settings.api_key)
    keys.register(app, allowed)
    for routes in (predictions.routes, jobs.routes, health.routes):
        app.register_blueprint(routes(gateway))
    app.wsgi_app = shortcut(app.wsgi_app, gateway, allowed)  # type: ignore[method-assign,assignment]
    gateway.start()
    return app
