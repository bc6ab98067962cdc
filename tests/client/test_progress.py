"""`queuecast.commands.progress`: on a terminal a line that changes, elsewhere one now and then."""

from __future__ import annotations

import io

import pytest
from queuecast.commands.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "lines"), [(Terminal(), 40), (io.StringIO(), 2)])
def test_every_so_often(stream: io.StringIO, lines: int) -> None:
    """In twenty seconds of a thousand rows each tenth of a second."""
    times = iter(range(10**6))
    progress = Progress(stream, lambda: next(times) / 10)
    for tenth in range(1, 201):
        progress.show(1000 * tenth, 393_000 * tenth)
    progress.end()
    said = stream.getvalue()
    assert said.count("rows/s") == lines
    if stream.isatty():
        assert said.count("\n") == 0 and said.endswith("\r\x1b[K")
    else:
        assert said.splitlines()[0] == "queuecast: 100,000 rows, 39.3 MB, 10,000 rows/s"
