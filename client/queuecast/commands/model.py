"""`queuecast model`: the model that a service serves, and taking it up anew."""

from __future__ import annotations

import json
import time
from typing import Any

import click

from queuecast.commands.service_options import asks_a_service
from queuecast.errors import ServiceError
from queuecast.service import Service, refuse

# Between two looks how far the workers are, and for how long, in seconds.
LOOK_EVERY = 1.0
RELOAD_WITHIN = 1800.0


@click.group(invoke_without_command=True)
@asks_a_service
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@click.pass_context
def model(context: click.Context, service: Service, as_json: bool) -> None:
    """Show the model that the workers serve.

    `queuecast model reload` lets them take it up anew.
    """
    if context.invoked_subcommand is not None:
        _refuse_options_of_the_group(context)
        return
    answer = service.ask("GET", "/model")
    refuse(answer)
    click.echo(json.dumps(answer.body) if as_json else _shown(answer.body))


@model.command()
@asks_a_service
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def reload(service: Service, as_json: bool) -> None:
    """Let every worker take up what its model's folder holds now.

    Each tries the model first, and starts with it beside the one that it serves, so that no request
    waits. A model that cannot be served changes nothing: the worker keeps the one that it has, its
    reason is shown, and the exit code is 1.
    """
    answer = service.ask("POST", "/model/reload")
    until = time.monotonic() + RELOAD_WITHIN
    while answer.status == 202:
        if time.monotonic() > until:
            raise ServiceError(f"the workers were not done within {RELOAD_WITHIN:g} s")
        time.sleep(LOOK_EVERY)
        answer = service.ask("GET", f"/model/reload/{answer.body['reload_id']}")
    workers = answer.body.get("workers")
    if workers is None:
        refuse(answer)
        raise ServiceError(f"{service.url} is no Queuecast service that can reload its model")
    click.echo(json.dumps(answer.body) if as_json else _told(workers))
    refuse(answer)


def _refuse_options_of_the_group(context: click.Context) -> None:
    for parameter in context.command.params:
        source = context.get_parameter_source(str(parameter.name))
        if source is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"{parameter.opts[0]} goes behind {context.invoked_subcommand}", context
            )


def _shown(found: dict[str, Any]) -> str:
    classes = ", ".join(json.dumps(label) for label in found.get("classes") or ())
    rows = [
        ("model", found.get("name") or "without a name"),
        ("version", found["version"]),
        ("kind", found.get("kind")),
        ("classes", classes),
        ("columns", ", ".join(f"{c['name']} ({c['dtype']})" for c in found.get("columns") or ())),
        ("metrics", ", ".join(f"{n} {v}" for n, v in (found.get("metrics") or {}).items())),
        ("workers", _counted(found["versions"])),
    ]
    return _table([[name, str(value)] for name, value in rows if value])


def _counted(versions: list[dict[str, Any]]) -> str:
    if len(versions) == 1:
        return str(versions[0]["workers"])
    return ", ".join(f"{of['workers']} on {of['version']}" for of in versions)


def _told(workers: list[dict[str, Any]]) -> str:
    return _table(
        [[w["worker"], w["status"], w["version"] or "", w["reason"] or ""] for w in workers]
    )


def _table(rows: list[list[str]]) -> str:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[-1]]).rstrip()
        for row in rows
    )
