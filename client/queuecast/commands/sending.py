"""Sends files, follows them, and takes what came of them."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from queuecast.batches.batch import RECEIVING, Batch
from queuecast.batches.results import blocks_of
from queuecast.batches.source import CSV, Source
from queuecast.batches.trial import judge
from queuecast.batches.upload import Upload
from queuecast.client import LOOK_EVERY, Client
from queuecast.commands.file_options import FileOptions
from queuecast.commands.progress import Progress
from queuecast.commands.whole_file import whole_file
from queuecast.errors import BatchError
from queuecast.service.requests import quoted

REJECTED = 3


def send_files(
    client: Client,
    files: Sequence[str],
    kind: str,
    options: FileOptions,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Send each file; the exit code."""
    code = 0
    for path in files:
        source = Source(path, options.form)
        if dry_run:
            code = max(code, _judge(client, source, as_json))
            continue
        batch = _send(client, source, kind, options)
        written: dict[str, Any] = {}
        if options.wait:
            batch = _follow(client, batch)
            written = _take(client, source, batch)
        _say(source, batch, written, as_json)
        if batch.status in ("failed", "cancelled"):
            raise BatchError(f"batch {batch.batch_id} {batch.status}: {batch.error or 'no reason'}")
        code = max(code, REJECTED if batch.rejected else 0)
    return code


def _judge(client: Client, source: Source, as_json: bool) -> int:
    found = judge(source, client.model().details)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(found)))
    else:
        click.echo(f"{source.name}: {found.rows} rows looked at, {len(found.faults)} would not do")
        for fault in found.faults[:20]:
            click.echo(f"  line {fault.line}: {fault.error}")
    return REJECTED if found.faults else 0


def _send(client: Client, source: Source, kind: str, options: FileOptions) -> Batch:
    upload = Upload(client.service, source, kind, options.name, options.again)
    begun = upload.found()
    if begun is not None and begun.status != RECEIVING:
        sys.stderr.write(
            f"queuecast: {source.name} was sent before, as batch {begun.batch_id}; --again sends "
            "it once more\n"
        )
        return begun
    progress = Progress(sys.stderr)
    try:
        size = source.size()
        batch_id = upload.send(
            begun, lambda done: progress.show_part(f"{source.name}: sent", done, size, "MB")
        )
    finally:
        progress.end()
    return client.find_batch(batch_id)


def _follow(client: Client, batch: Batch) -> Batch:
    """The batch, once it has ended."""
    progress = Progress(sys.stderr)
    try:
        while not batch.has_ended:
            client.service.sleep(LOOK_EVERY)
            batch = client.find_batch(batch.batch_id)
            done = batch.read - batch.queued
            progress.show_part(f"{batch.name}: done", done, batch.read, "rows")
    finally:
        progress.end()
    return batch


def _take(client: Client, source: Source, batch: Batch) -> dict[str, Any]:
    """Write what came of a batch beside its file; which files those are."""
    form = "csv" if source.form == CSV else "ndjson"
    beside = Path("batch") if source.is_standard_input else source.path
    written = {"results": _named(beside, f"results.{form}")}
    paths = {"results": f"/batches/{quoted(batch.batch_id)}/results?format={form}"}
    if batch.rejected:
        written["rejects"] = _named(beside, "rejects.ndjson")
        paths["rejects"] = f"/batches/{quoted(batch.batch_id)}/rejects"
    for what, path in written.items():
        with whole_file(path) as file:
            for block in blocks_of(client.service, paths[what]):
                file.write(block)
    return {what: str(path) for what, path in written.items()}


def _named(beside: Path, ending: str) -> Path:
    return beside.with_name(f"{beside.name}.{ending}")


def _say(source: Source, batch: Batch, written: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({**dataclasses.asdict(batch), **written}))
        return
    counts = ", ".join(
        f"{getattr(batch, name):,} {name}"
        for name in ("read", "queued", "succeeded", "duplicate", "rejected")
    )
    click.echo(f"{source.name}: batch {batch.batch_id} {batch.status}: {counts}")
    for what, path in written.items():
        click.echo(f"  {what} in {path}")
