"""What came of a batch, streamed: lines, or a file."""

from __future__ import annotations

from collections.abc import Iterator

import urllib3

from queuecast.errors import UnreachableError
from queuecast.service.service import Service

BLOCK = 256 * 1024


def blocks_of(service: Service, path: str) -> Iterator[bytes]:
    """The bytes at a path, as they come.

    Raises:
        ServiceError: they cannot be had, or broke off.
    """
    response = service.stream(path)
    try:
        yield from response.stream(BLOCK)
    except urllib3.exceptions.HTTPError as error:
        raise UnreachableError(f"{service.url} broke off in the middle of {path}") from error
    finally:
        response.release_conn()


def lines_of(service: Service, path: str) -> Iterator[bytes]:
    """The lines at a path, as they come.

    Raises:
        ServiceError: as `blocks_of`.
    """
    rest = b""
    for block in blocks_of(service, path):
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
    if rest:
        yield rest
