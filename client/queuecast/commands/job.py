"""`queuecast job`: a request that was promised."""

from __future__ import annotations

import json

import click

from queuecast.client import Client
from queuecast.commands.rows import as_object
from queuecast.commands.service_options import as_json, asks_a_service
from queuecast.commands.tables import named
from queuecast.errors import JobError


@click.command()
@click.argument("job_id", metavar="ID")
@click.option(
    "--wait",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    help="Wait for its end, for so long at most.",
)
@click.option("--cancel", is_flag=True, help="Cancel it, if it is still queued.")
@as_json
@asks_a_service
def job(client: Client, job_id: str, wait: float | None, cancel: bool, as_json: bool) -> None:
    """Show a job, wait for its end, or cancel it.

    The exit code is 1 when it has failed, when it was cancelled by another command, or when it has
    not ended within --wait.
    """
    if cancel and wait is not None:
        raise click.UsageError("--cancel ends the job, so that --wait has no meaning beside it")
    if cancel:
        found = client.cancel(job_id)
    else:
        found = client.job(job_id) if wait is None else client.wait(job_id, timeout=wait)
    shown = as_object(found)
    click.echo(json.dumps(shown) if as_json else named(shown))
    if found.status == "failed" or (found.status == "cancelled" and not cancel):
        raise JobError(f"job {job_id} {_ended(found.status)}", job_id, found.status_code)


def _ended(status: str) -> str:
    return "has failed" if status == "failed" else "was cancelled"
