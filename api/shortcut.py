"""The plain prediction, without Flask's machinery around it.

Flask takes more time for its context, its routing and its request and response objects than the
gateway needs for everything else. So the one request that makes up nearly all traffic, a
`POST /predict` with a length, without `Prefer`, is recognised here and served with the same
functions as the route; whatever is out of the ordinary is left to Flask.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from api import bodies
from api.gateway import Gateway
from api.keys import Keys
from api.predictions import respond
from api.preferences import Preference
from api.problems import problem, unforeseen
from shared.errors import QueuecastError
from shared.messages import Kind

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_TYPES = frozenset({"application/json", "application/json; charset=utf-8"})
_NO_PREFERENCE = Preference()


def shortcut(app: WSGIApplication, gateway: Gateway, keys: Keys) -> WSGIApplication:
    """A WSGI application that serves plain predictions itself, and gives the rest to `app`."""
    longest = gateway.settings.max_body

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH", "")
        if (
            environ["PATH_INFO"] != "/predict"
            or environ["REQUEST_METHOD"] != "POST"
            or "HTTP_PREFER" in environ
            or "HTTP_TRANSFER_ENCODING" in environ
            or environ.get("CONTENT_TYPE") not in _TYPES
            or not (length.isascii() and length.isdecimal() and int(length) <= longest)
            or not keys.open_to(environ.get("HTTP_AUTHORIZATION", ""))
        ):
            return app(environ, start_response)
        try:
            data = environ["wsgi.input"].read(int(length))
            asked = bodies.understand(Kind.PREDICT, data)
            outcome = gateway.predict(asked, _NO_PREFERENCE)
            if outcome is None or outcome.status_code != 200:
                return respond(asked, outcome)(environ, start_response)
            body = json.dumps(outcome.body).encode() + b"\n"
        except QueuecastError as error:
            return problem(error)(environ, start_response)
        except Exception as error:
            return unforeseen(error)(environ, start_response)
        start_response(
            "200 OK",
            [("Content-Type", "application/json"), ("Content-Length", str(len(body)))],
        )
        # A list, which the server sends with one call; Werkzeug's responses are iterators.
        return [body]

    return serve
