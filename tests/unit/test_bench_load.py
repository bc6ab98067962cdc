"""The benchmark's load generators, each as it is run, against a server that refuses some."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench.checking import WrongAnswerError
from bench.latencies import TIMEOUT
from bench.load import Load
from bench.passengers import ID
from bench.stage import clean_environment

# Of so many requests, one is refused.
REFUSED_ONE_OF = 10


class Server(ThreadingHTTPServer):
    """Says 0.25 of every passenger, and refuses every tenth request at once."""

    daemon_threads = True
    numbers = itertools.count(1)


class Handler(BaseHTTPRequestHandler):
    """Answers on a connection that is kept."""

    protocol_version = "HTTP/1.1"
    # Head and body in one packet: the second of two would wait 40 ms for the client.
    wbufsize = -1

    def do_POST(self) -> None:
        """One answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        refused = next(Server.numbers) % REFUSED_ONE_OF == 0
        body = json.dumps({"proba": 0.25}).encode()
        self.send_response(503 if refused else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """The server's address."""
    Server.numbers = itertools.count(1)
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/predict"
        server.shutdown()
        thread.join()


def load(url: str, clients: int, folder: Path, right: list[float] | None) -> Load:
    """One second of so many clients; `right` is what their answers are checked against."""
    templates = folder / "templates.jsonl"
    templates.write_text(f'{{"id": {ID}}}\n' * 2)
    if right is None:
        return Load(url, templates, clients, 1, 0)
    (folder / "right.json").write_text(json.dumps(right))
    return Load(url, templates, clients, 1, 0, contender="ancestor", right=folder / "right.json")


@pytest.mark.parametrize("clients", [1, 2])
def test_what_is_refused_is_in_the_tail(url: str, clients: int, tmp_path: Path) -> None:
    """A tenth that was refused at once is the p99, and does not lower the median."""
    figures = load(url, clients, tmp_path, None).run(clean_environment(), tmp_path / "log")
    assert figures.ok > 50
    # A generator does not wait for the answers under way when its time is up.
    served = next(Server.numbers) - 1
    assert served - clients <= figures.ok + figures.refused <= served
    assert abs(figures.refused - served / REFUSED_ONE_OF) <= 1 + clients
    assert figures.p99_ms == TIMEOUT * 1000
    assert figures.p50_ms < 1000


def test_one_client_checks_every_answer(url: str, tmp_path: Path) -> None:
    """As many as were answered."""
    figures = load(url, 1, tmp_path, [0.25, 0.25]).run(clean_environment(), tmp_path / "log")
    assert figures.checked >= figures.ok > 50


def test_a_wrong_answer_ends_the_load(url: str, tmp_path: Path) -> None:
    """It is said of the second passenger."""
    with pytest.raises(WrongAnswerError, match="passenger 2"):
        load(url, 1, tmp_path, [0.25, 0.75]).run(clean_environment(), tmp_path / "log")
