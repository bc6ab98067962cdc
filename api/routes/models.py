"""GET /model: the model that the workers serve, as they describe it."""

from __future__ import annotations

from api.gateway import Gateway
from api.http.http_request import HttpRequest
from api.http.responses import Answer, answer
from api.http.routing import Route
from shared.errors import BusyError


def routes(gateway: Gateway) -> list[Route]:
    """The route on the model."""

    async def model(_: HttpRequest) -> Answer:
        served = await gateway.models()
        if not served:
            raise BusyError("no worker with a loaded model answers")
        version, workers, described = served[0]
        return answer(
            {
                "version": version,
                **described.get("details", {}),
                "example": described.get("example"),
                "workers": workers,
                # Workers of two versions may run beside each other.
                "versions": [{"version": each, "workers": count} for each, count, _ in served],
            }
        )

    return [Route("GET", "/model", model)]
