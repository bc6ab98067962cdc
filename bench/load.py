"""One measurement: a load generator in a process of its own, and what it counted."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.checking import WrongAnswerError
from bench.latencies import TIMEOUT
from local.part import Part
from shared.errors import StartError
from shared.settings import CHECKOUT

# What a generator may take beyond its time to start, and to end its last requests.
GRACE = 2 * TIMEOUT
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Figures:
    """What one load gave. Answers that are not 200, broken connections and timeouts are errors.

    Errors are in the percentiles, each as if it had taken the whole time-out. `checked` says how
    many answers were held against the pipeline's own.
    """

    ok: int
    refused: int
    broken: int
    timeouts: int
    seconds: float
    p50_ms: float
    p99_ms: float
    checked: int = 0

    @property
    def errors(self) -> int:
        """Requests without a 200."""
        return self.refused + self.broken + self.timeouts

    @property
    def requests_per_second(self) -> float:
        """Requests answered 200 in a second."""
        return self.ok / self.seconds


@dataclass(frozen=True, slots=True)
class Load:
    """So many clients in a closed loop: each sends its next request when it has an answer.

    One client checks every answer of `contender` against the pipeline's own, where these are
    named. More are wrk's, which cannot tell whose answer came: see `bench.sample`.
    """

    url: str
    templates: Path
    clients: int
    seconds: int
    first_id: int
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    contender: str | None = None
    right: Path | None = None

    def command(self) -> list[str]:
        """wrk's command line, or Python's: for one client, and where wrk is not on PATH."""
        wrk = shutil.which("wrk")
        headers = [f"{name}: {value}" for name, value in self.headers.items()]
        if wrk and self.clients > 1:
            return [
                wrk, "-t1", f"-c{self.clients}", f"-d{self.seconds}s", "--latency",
                "--timeout", f"{TIMEOUT}s", "-s", str(Path(__file__).with_name("wrk.lua")),
                self.url, "--", str(self.templates), str(self.first_id), str(TIMEOUT * 1000),
                *headers,
            ]  # fmt: skip
        return [
            sys.executable, "-m", "bench.python_load", self.url, str(self.templates),
            "--first-id", str(self.first_id), "--clients", str(self.clients),
            "--seconds", str(self.seconds), *(f"--header={header}" for header in headers),
            *(["--contender", self.contender] if self.contender else []),
            *(["--right", str(self.right)] if self.right else []),
        ]  # fmt: skip

    def run(self, environment: Mapping[str, str], output: Path) -> Figures:
        """Run it to its end; the generator's own output goes to the file `output`.

        Raises:
            StartError: the generator failed or hung.
            WrongAnswerError: an answer was not the pipeline's.
        """
        with output.open("wb") as file:
            part = Part("the load generator", self.command(), environment, file, CHECKOUT)
        try:
            part.process.wait(self.seconds + GRACE)
        except subprocess.TimeoutExpired as error:
            raise StartError(f"the load generator did not end; see {output}") from error
        finally:
            if part.exit_code is None:
                part.kill()
        for line in output.read_text(errors="replace").splitlines():
            if line.startswith("SUMMARY "):
                return Figures(**json.loads(line.removeprefix("SUMMARY ")))
            if line.startswith("WRONG "):
                raise WrongAnswerError(line.removeprefix("WRONG "))
        raise StartError(f"the load generator said nothing of its load; see {output}")


def generator() -> str:
    """The name of the load generator that runs use."""
    return "wrk (one client: Python)" if shutil.which("wrk") else "Python"
