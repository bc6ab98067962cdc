"""`queuecast enqueue`: files of observations."""

from __future__ import annotations

import click

from queuecast.batches.kinds import PREDICT
from queuecast.client import Client
from queuecast.commands.file_options import FileOptions, sends_files
from queuecast.commands.sending import send_files
from queuecast.commands.service_options import as_json, asks_a_service


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@sends_files
@click.option(
    "--dry-run",
    is_flag=True,
    help="Send nothing: judge the first thousand rows by what the model takes.",
)
@as_json
@asks_a_service
def enqueue(
    client: Client, files: tuple[str, ...], options: FileOptions, dry_run: bool, as_json: bool
) -> int | None:
    """Send files of observations to be scored.

    FILE is NDJSON, each line what /predict takes; a CSV with a column `id` and the model's columns,
    where only an empty field is a null; or Parquet with the same columns. .gz is taken as well, and
    - for standard input.

    A file goes on where it stopped when the same command is given again. Exit codes: 0 when all of
    it was taken, and with --wait scored; 3 when some rows were rejected; 1 when it failed.
    """
    return send_files(client, files, PREDICT, options, dry_run, as_json)
