"""`queuecast label`: files of true classes."""

from __future__ import annotations

import click

from queuecast.batches.kinds import UPDATE
from queuecast.client import Client
from queuecast.commands.file_options import FileOptions, sends_files
from queuecast.commands.sending import send_files
from queuecast.commands.service_options import as_json, asks_a_service


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@sends_files
@as_json
@asks_a_service
def label(
    client: Client, files: tuple[str, ...], options: FileOptions, as_json: bool
) -> int | None:
    """Send files of what really happened.

    FILE has `id` and `true_class`: as NDJSON, CSV or Parquet, .gz or not, - for standard input.

    A file goes on where it stopped when the same command is given again. An id that was never
    predicted is rejected. Exit codes: 0 when all of it was taken, and with --wait applied; 3 when
    some rows were rejected; 1 when it failed.
    """
    return send_files(client, files, UPDATE, options, False, as_json)
