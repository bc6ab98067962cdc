"""A file that is there when it is whole, and not before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, beside `path`, that takes its name when the block has ended. When the
    block fails, what was at `path` before stays as it was.

    Raises:
        click.ClickException: it cannot be written.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        # A pipe, or /dev/null: nothing can take its name.
        with path.open("wb") as file:
            yield file
        return
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)
