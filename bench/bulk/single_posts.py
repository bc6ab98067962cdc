"""What a loop of single requests takes, and how long single requests wait."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

from bench.passengers import observations
from shared.errors import StartError

_HEADERS = {"Content-Type": "application/json"}
_names = itertools.count(1)


def post_all(path: Path, port: int, connections: int, rows: int) -> float:
    """The seconds that the first rows of a file take, a request each."""
    with path.open() as file:
        bodies = list(itertools.islice(file, rows))
    shares = [bodies[at::connections] for at in range(connections)]

    def post(share: list[str]) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        for body in share:
            _post(connection, body)
        connection.close()

    began = time.monotonic()
    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(post, shares))
    return time.monotonic() - began


def waits(port: int, clients: int, over: threading.Event) -> list[float]:
    """How long each request waited, in seconds, of so many clients who ask until it is over."""
    name = next(_names)

    def ask(client: int) -> Iterator[float]:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        for number, observation in enumerate(itertools.cycle(observations())):
            if over.is_set():
                break
            named = {"id": f"{name} {client} {number}", "observation": observation}
            began = time.monotonic()
            _post(connection, json.dumps(named))
            yield time.monotonic() - began
        connection.close()

    with ThreadPoolExecutor(clients) as pool:
        found = pool.map(lambda client: list(ask(client)), range(clients))
        return list(itertools.chain.from_iterable(found))


def _post(connection: HTTPConnection, body: str) -> None:
    connection.request("POST", "/predict", body, _HEADERS)
    response = connection.getresponse()
    said = response.read()
    if response.status != 200:
        raise StartError(f"/predict answered {response.status}: {said[:200]!r}")
