"""Which code serves which path and method: the routes that wait, and Flask's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, MapAdapter, Rule

from api.http.http_request import HttpRequest
from api.http.responses import Answer
from shared.errors import UnknownMethodError, UnknownPathError

_LONGEST_SHOWN = 200

Handler = Callable[[HttpRequest], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """A route whose handler is a coroutine on the event loop, and must never block it.

    `path` is written as Werkzeug writes rules. A route that `streams_body` reads it by itself, as
    it comes, whatever its type and length. `open_to_all` routes ask for no API key; those
    `beyond_the_bound` are answered however many connections there are.
    """

    method: str
    path: str
    handler: Handler
    takes_body: bool = False
    streams_body: bool = False
    open_to_all: bool = False
    beyond_the_bound: bool = False


class Router:
    """Finds the route of a request. A path is taken as it was sent: `//predict` and `/predict/`
    are not `/predict`."""

    def __init__(self, routes: Sequence[Route], flask_rules: Map) -> None:
        # What nearly all requests ask for is found without matching rules.
        self._open = {r.path for r in routes if r.open_to_all}
        self._fixed = {(r.method, r.path): r for r in routes if "<" not in r.path}
        rules = [Rule(r.path, methods=[r.method], endpoint=r) for r in routes]
        self._waiting = Map(rules, merge_slashes=False).bind("")
        self._flask = flask_rules.bind("")

    def find(self, request: HttpRequest) -> Route | None:
        """The route, its arguments put into the request; None when it is one of Flask's.

        Raises:
            UnknownPathError: there is nothing at this path.
            UnknownMethodError: there is, but not for this method.
        """
        fixed = self._fixed.get((request.method, request.path))
        if fixed is not None:
            return fixed
        route, allowed = _match(self._waiting, request)
        if isinstance(route, Route):
            return route
        found, more = _match(self._flask, request)
        if found is not None:
            return None
        if allowed | more:
            shown = request.path[:_LONGEST_SHOWN]
            every = allowed | more | {"OPTIONS"}
            raise UnknownMethodError(f"{shown} does not take {request.method}", every)
        raise UnknownPathError(_nothing_at(request))

    def is_open(self, request: HttpRequest) -> bool:
        """Whether a request needs no API key, for its path."""
        return request.path in self._open

    def allowed(self, request: HttpRequest) -> bytes:
        """The methods that a request's path takes, as a header lists them.

        Raises:
            UnknownPathError: there is nothing at this path.
        """
        waiting, flask = (a.allowed_methods(request.path) for a in (self._waiting, self._flask))
        if _has_a_slash_too_many(request.path) or not (waiting or flask):
            raise UnknownPathError(_nothing_at(request))
        return ", ".join(sorted({*waiting, *flask, "OPTIONS"})).encode("ascii")


def _has_a_slash_too_many(path: str) -> bool:
    # Werkzeug takes every slash off the front of a path, whatever it is told.
    return path.startswith("//")


def _nothing_at(request: HttpRequest) -> str:
    return f"there is nothing at {request.path[:_LONGEST_SHOWN]}"


def _match(adapter: MapAdapter, request: HttpRequest) -> tuple[object | None, set[str]]:
    """What serves a request, or else the methods that its path takes."""
    if _has_a_slash_too_many(request.path):
        return None, set()
    try:
        endpoint, arguments = adapter.match(request.path, request.method)
    except MethodNotAllowed as error:
        return None, set(error.valid_methods or ())
    except HTTPException:
        # Nothing is there, or only with another spelling of the slashes.
        return None, set()
    request.arguments = dict(arguments)
    return endpoint, set()
