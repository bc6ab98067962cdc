"""GET /openapi.json: this service and the model that its workers serve."""

from __future__ import annotations

from collections.abc import Sequence

from api.gateway import Gateway
from api.http.http_request import HttpRequest
from api.http.responses import Answer, answer
from api.http.routing import Route
from api.openapi.document import Service, document
from api.openapi.served_model import ServedModel
from api.page.page_file import PAGE, PageFile
from shared.errors import BrokerAwayError


def routes(gateway: Gateway, files: Sequence[PageFile]) -> list[Route]:
    """The route on the document, which names the files of the page, too."""
    settings = gateway.settings
    service = Service(
        settings.sync_wait,
        settings.sync_wait_max,
        settings.max_body,
        bool(settings.api_key),
        [file.name for file in files if file.name != PAGE],
    )
    # A wide model's document takes a while, so it is made only when something is new in it.
    latest: tuple[tuple[ServedModel | None, str], Answer] | None = None

    async def openapi(asked: HttpRequest) -> Answer:
        nonlocal latest
        about = (await _served(gateway), asked.prefix)
        if latest is None or latest[0] != about:
            latest = about, answer(document(service, *about))
        return latest[1]

    return [Route("GET", "/openapi.json", openapi)]


async def _served(gateway: Gateway) -> ServedModel | None:
    """The model that most workers serve; None when none is seen, which the document says."""
    try:
        served = await gateway.models()
    except BrokerAwayError:
        return None
    if not served:
        return None
    version, _, described = served[0]
    return ServedModel.of(version, described, len(served) - 1)
