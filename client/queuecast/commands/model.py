"""`queuecast model`: the model that a service serves, and taking it up anew."""

from __future__ import annotations

import json

import click

from queuecast.client import Client
from queuecast.commands.service_options import as_json, asks_a_service
from queuecast.commands.tables import table
from queuecast.errors import ServiceError
from queuecast.service.answers import Model


@click.group(invoke_without_command=True)
@as_json
@asks_a_service
@click.pass_context
def model(context: click.Context, client: Client, as_json: bool) -> None:
    """Show the model that the workers serve.

    `queuecast model reload` lets them take it up anew.
    """
    if context.invoked_subcommand is not None:
        _refuse_options_of_the_group(context)
        return
    found = client.model()
    click.echo(json.dumps(found.details) if as_json else _shown(found))


@model.command()
@as_json
@asks_a_service
def reload(client: Client, as_json: bool) -> None:
    """Let every worker take up what its model's folder holds now.

    Each tries the model first, and starts with it beside the one that it serves, so that no request
    waits. A model that cannot be served changes nothing: the worker keeps the one that it has, its
    reason is shown, and the exit code is 1.
    """
    found = client.reload()
    workers = [[w.worker, w.status, w.version or "", w.reason or ""] for w in found.workers]
    click.echo(json.dumps(found.details) if as_json else table(workers))
    if found.error is not None:
        raise ServiceError(found.error)


def _refuse_options_of_the_group(context: click.Context) -> None:
    for parameter in context.command.params:
        source = context.get_parameter_source(str(parameter.name))
        if source is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"{parameter.opts[0]} goes behind {context.invoked_subcommand}", context
            )


def _shown(model: Model) -> str:
    found = model.details
    classes = ", ".join(json.dumps(label) for label in found.get("classes") or ())
    rows = [
        ("model", model.name or "without a name"),
        ("version", model.version),
        ("kind", model.kind),
        ("classes", classes),
        ("columns", ", ".join(f"{c['name']} ({c['dtype']})" for c in found.get("columns") or ())),
        ("metrics", ", ".join(f"{n} {v}" for n, v in (found.get("metrics") or {}).items())),
        ("workers", workers_of(model)),
    ]
    return table([[name, str(value)] for name, value in rows if value])


def workers_of(model: Model) -> str:
    """How many workers serve it; which version, when they serve several."""
    if len(model.versions) < 2:
        return str(model.workers)
    return ", ".join(f"{count} on {version}" for version, count in model.versions.items())
