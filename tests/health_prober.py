"""Asks for /healthz again and again from a process of its own, which is not slowed down by the
hundreds of threads that a test attacks with: `python -m tests.health_prober PORT SECONDS`."""

from __future__ import annotations

import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from shared.settings import CHECKOUT
from tests.system import INHERITED, call


@contextmanager
def health_is_answered(port: int, seconds: float) -> Iterator[None]:
    """See that /healthz says 200 within so many seconds at every moment of the block."""
    command = [sys.executable, "-m", "tests.health_prober", str(port), str(seconds)]
    prober = subprocess.Popen(
        command, cwd=CHECKOUT, env=INHERITED, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert prober.stdin is not None and prober.stdout is not None
    try:
        assert prober.stdout.readline() == "asking\n"
        yield
    finally:
        prober.stdin.close()
        said = prober.stdout.read()
        prober.stdout.close()
        code = prober.wait(30)
    assert code == 0, said


def main() -> None:
    """Ask until standard input ends; what is not answered in time is a traceback."""
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    sys.stdout.write("asking\n")
    sys.stdout.flush()
    worst = 0.0
    while not select.select([sys.stdin], [], [], 0.01)[0]:
        began = time.monotonic()
        # A socket's timeout: an answer that takes longer is an error here.
        assert call(("127.0.0.1", port), "GET", "/healthz", timeout=seconds).status == 200
        worst = max(worst, time.monotonic() - began)
    sys.stdout.write(f"the slowest answer took {worst:.3f} s\n")


if __name__ == "__main__":
    main()
