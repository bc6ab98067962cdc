"""GET /docs and its files: a page to try the service on."""

from __future__ import annotations

from collections.abc import Sequence

from api.http.http_request import HttpRequest
from api.http.responses import Answer
from api.http.routing import Handler, Route
from api.page.page_file import PAGE, PageFile


def routes(files: Sequence[PageFile]) -> list[Route]:
    """The routes on these files; they need no key, since they hold no data."""
    return [Route("GET", path_of(file), _sending(file), open_to_all=True) for file in files]


def path_of(file: PageFile) -> str:
    """Where a file is."""
    return "/docs" if file.name == PAGE else f"/docs/{file.name}"


def _sending(file: PageFile) -> Handler:
    async def send(_: HttpRequest) -> Answer:
        return Answer(200, file.body, list(file.headers))

    return send
