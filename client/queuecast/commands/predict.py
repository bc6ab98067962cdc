"""`queuecast predict`: one observation, and its answer."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict

import click

from queuecast.client import Client
from queuecast.commands import given_values
from queuecast.commands.service_options import as_json, asks_a_service
from queuecast.commands.tables import named


@click.command()
@click.argument("observation", required=False)
@click.option(
    "--field",
    "fields",
    metavar="NAME=VALUE",
    multiple=True,
    help="A value of the observation, such as Age=22; may be repeated. JSON is taken as such, "
    "anything else is a text, and nothing is a null.",
)
@click.option(
    "--id",
    "given_id",
    metavar="ID",
    help="The observation's id.  [default: what OBSERVATION says, else a new one]",
)
@click.option(
    "--wait",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    help="Wait for the answer for so long at most.  [default: 60]",
)
@click.option("--async", "promised", is_flag=True, help="Do not wait: show the job's id.")
@as_json
@asks_a_service
def predict(
    client: Client,
    observation: str | None,
    fields: tuple[str, ...],
    given_id: str | None,
    wait: float | None,
    promised: bool,
    as_json: bool,
) -> None:
    """Ask for the answer to one observation.

    OBSERVATION is a JSON object of its values by column, @FILE for one in a file, or - for standard
    input; or a whole request, {"id": …, "observation": {…}}. An id that was predicted before is
    answered as it was then.
    """
    if promised and wait is not None:
        raise click.UsageError("--async does not wait, so that --wait has no meaning beside it")
    said_id, values = given_values.observation(observation, fields)
    if given_id is not None:
        said_id = given_values.observation_id(given_id)
    observation_id = str(uuid.uuid4()) if said_id is None else said_id
    if promised:
        job = client.submit(observation_id, values)
        found = {"id": observation_id, "job_id": job.job_id, "status": job.status}
        click.echo(json.dumps(found) if as_json else named(found))
        return
    answer = client.predict(observation_id, values, wait=wait)
    if as_json:
        click.echo(json.dumps({"id": observation_id, **asdict(answer)}))
        return
    notes = ["predicted before: this is the answer of then"] if answer.is_duplicate else []
    shown = {
        "id": observation_id,
        "proba": answer.proba,
        "prediction": answer.prediction,
        "probas": answer.probas,
        "score": answer.score,
    }
    click.echo(named(shown))
    for note in [*notes, *answer.warnings]:
        click.echo(f"note: {note}", err=True)
