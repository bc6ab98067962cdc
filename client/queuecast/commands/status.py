"""`queuecast status`: can a service answer, and by which model?"""

from __future__ import annotations

import json
from typing import Any

import click

from queuecast.client import Client
from queuecast.commands.model import workers_of
from queuecast.commands.service_options import as_json, asks_a_service
from queuecast.commands.tables import table
from queuecast.errors import ServiceError
from queuecast.service.answers import Model


@click.command()
@as_json
@asks_a_service
def status(client: Client, as_json: bool) -> None:
    """Show whether a service can answer, and the model and the workers that do.

    The exit code is 1 when it cannot.
    """
    ready = client.ready()
    model = _model(client) if ready.is_ready else None
    url = client.service.url
    if as_json:
        said: dict[str, Any] = {"url": url, "ready": ready.is_ready, "parts": ready.parts}
        said["model"] = None if model is None else model.details
        click.echo(json.dumps(said))
    else:
        rows = [["service", url], *([name, state] for name, state in ready.parts.items())]
        click.echo(table([*rows, *_told(model)]))
    if not ready.is_ready:
        missing = ", ".join(name for name, state in ready.parts.items() if state != "ready")
        raise ServiceError(f"{url} is not ready: {missing}")


def _model(client: Client) -> Model | None:
    """None when no worker was left between the two questions."""
    try:
        return client.model()
    except ServiceError as error:
        if error.status == 503:
            return None
        raise


def _told(model: Model | None) -> list[list[str]]:
    if model is None:
        return []
    name = f"{model.name}, " if model.name else ""
    kind = f", {model.kind}" if model.kind else ""
    return [["model", f"{name}version {model.version}{kind}"], ["workers", workers_of(model)]]
