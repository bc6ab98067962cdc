"""The options of every command that sends files."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Callable

import click

from queuecast.batches.source import CSV, NDJSON, PARQUET

Command = Callable[..., Any]


@dataclass(frozen=True)
class FileOptions:
    """How files are sent, and what is done with what came of them."""

    form: str | None
    name: str | None
    wait: bool
    again: bool


def sends_files(command: Command) -> Command:
    """Give a command the options of files, as `options`."""

    @click.option("--format", "form", type=click.Choice((NDJSON, CSV, PARQUET)),
                  help="What FILE is.  [default: what its name says, else ndjson]")  # fmt: skip
    @click.option("--name", help="What the batch is called.  [default: the file's name]")
    @click.option("--wait", is_flag=True,
                  help="Wait for the end, and write FILE.results.ndjson (.csv of a CSV) and, if "
                  "some rows were rejected, FILE.rejects.ndjson beside FILE.")  # fmt: skip
    @click.option("--again", is_flag=True, help="Send a file again that was sent before.")
    @functools.wraps(command)
    def sending(
        *arguments: Any, form: str | None, name: str | None, wait: bool, again: bool,
        **options: Any,
    ) -> Any:  # fmt: skip
        return command(*arguments, options=FileOptions(form, name, wait, again), **options)

    return sending
