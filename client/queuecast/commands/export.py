"""`queuecast export`: rows, to a file or to standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import click

from queuecast.client import Client
from queuecast.commands.progress import Progress
from queuecast.commands.service_options import as_json, asks_a_service
from queuecast.commands.whole_file import whole_file
from queuecast.service.export import Export, Selection
from queuecast.service.records import FORMS, NDJSON


def _time(_: click.Context, parameter: click.Parameter, text: str | None) -> datetime | None:
    """ISO 8601: a date or a time, with an offset or in this machine's zone."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone()
    except (ValueError, OverflowError, OSError) as error:
        said = f"{text!r} is no time, such as 2026-11-24 or 2026-11-24T10:30Z"
        raise click.BadParameter(said, param=parameter) from error


@click.command()
@click.option("--format", "form", type=click.Choice(FORMS), default=NDJSON, show_default=True,
              help="A JSON object on each line, or a CSV whose observations are JSON.")  # fmt: skip
@click.option("--since", callback=_time, metavar="TIME",
              help="Rows predicted from then on: 2026-11-24, or 2026-11-24T10:30Z.")  # fmt: skip
@click.option("--until", callback=_time, metavar="TIME", help="Rows predicted before then.")
@click.option("--model-version", metavar="VERSION", help="Rows that this version answered.")
@click.option("--labelled/--unlabelled", default=None,
              help="Rows with a true class, or without one.")  # fmt: skip
@click.option("--after", type=click.IntRange(0, 2**63 - 1), metavar="ROW",
              help="Rows whose `id` is above this one, the last of an earlier export.")  # fmt: skip
@click.option("--limit", type=click.IntRange(0, 2**63 - 1), metavar="N",
              help="The first N of them.")  # fmt: skip
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write them there when all have come.  [default: standard output]")  # fmt: skip
@as_json
@asks_a_service
def export(
    client: Client,
    form: str,
    since: datetime | None,
    until: datetime | None,
    model_version: str | None,
    labelled: bool | None,
    after: int | None,
    limit: int | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Take rows out, oldest first.

    Where the connection breaks off, it goes on after the last row by itself. When that fails, too,
    the exit code is 1, the message says after which row, and FILE is not written. --json says how
    many rows are in FILE; the rows themselves are JSON already.
    """
    if as_json and output is None:
        raise click.UsageError("--json says what is in the file of --output, which is not given")
    wanted = Export(
        client.service, Selection(since, until, model_version, labelled, after, limit), form
    )
    with _written_to(output) as file:
        size = 0
        # Beside the rows themselves it would be in their way.
        progress = Progress(sys.stderr) if output is not None else None
        try:
            for block in wanted.blocks():
                file.write(block)
                size += len(block)
                if progress is not None:
                    progress.show(wanted.records.rows, size)
        finally:
            if progress is not None:
                progress.end()
    if output is None:
        return
    records = wanted.records
    if as_json:
        said = {"file": str(output), "rows": records.rows, "last_id": records.last_id}
        click.echo(json.dumps(said))
    else:
        last = "" if records.last_id is None else f"; the last has the id {records.last_id}"
        click.echo(f"{records.rows:,} rows in {output}{last}")


@contextmanager
def _written_to(output: Path | None) -> Iterator[BinaryIO]:
    if output is not None:
        with whole_file(output) as file:
            yield file
        return
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()
