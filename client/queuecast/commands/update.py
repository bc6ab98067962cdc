"""`queuecast update`: what an observation really was."""

from __future__ import annotations

import json

import click

from queuecast.client import Client
from queuecast.commands import given_values
from queuecast.commands.rows import as_object
from queuecast.commands.service_options import as_json, asks_a_service
from queuecast.commands.tables import named


# A class, or an id, may be -1.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("observation_id", metavar="ID")
@click.argument("true_class")
@as_json
@asks_a_service
def update(client: Client, observation_id: str, true_class: str, as_json: bool) -> None:
    """Say what the true class of an observation is.

    TRUE_CLASS is taken as JSON where it is JSON (1, true, 2.5), and else as a text (yes); '"1"' is
    the text 1. A later one takes the place of an earlier one.
    """
    row = client.update(
        given_values.observation_id(observation_id), given_values.true_class(true_class)
    )
    found = as_object(row)
    click.echo(json.dumps(found) if as_json else named(found))
