"""One client and nobody else: two contenders side by side, asked in turn: `python -m bench.quiet`.

A difference of some milliseconds drowns in what a shared machine does from one minute to the next,
so both run at once here, and blocks of requests alternate between them. The one that is not asked
rests.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from http.client import HTTPConnection
from statistics import median

from bench.checking import WrongAnswerError, compare
from bench.contenders.ancestor import Ancestor
from bench.contenders.queuecast import Queuecast
from bench.passengers import ID, Ids, expected, observations
from bench.running import Running
from bench.stage import Servers
from shared.settings import CHECKOUT

# Not counted, at the beginning of each block: the other one had the processor's caches.
WARM_UP = 5


class Asker:
    """Asks one contender on a connection that is kept."""

    def __init__(self, running: Running, first_id: int) -> None:
        self.name = running.contender.name
        self._contender = running.contender
        self._connection = HTTPConnection("127.0.0.1", running.stage.port, timeout=30)
        self._next_id = first_id

    def block(self, size: int) -> float:
        """The median of so many requests, in milliseconds.

        Raises:
            WrongAnswerError: an answer is not the pipeline's.
        """
        return median([self._ask() for _ in range(WARM_UP + size)][WARM_UP:])

    def _ask(self) -> float:
        position = self._next_id % len(observations())
        body = self._contender.body(observations()[position]).replace(ID, str(self._next_id))
        self._next_id += 1
        begin = time.perf_counter()
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", self._contender.path, body, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        took = time.perf_counter() - begin
        if answer.status != 200:
            raise WrongAnswerError(f"{self.name} answered {answer.status}: {text[:200]!r}")
        proba = self._contender.proba(json.loads(text))
        compare(self.name, position, proba, expected()[position])
        return took * 1000


def main() -> int:
    """Ask, and print both medians and their ratio; the first contender is what it is to."""
    parser = argparse.ArgumentParser(prog="python -m bench.quiet", description=__doc__)
    parser.add_argument("--blocks", type=int, default=40)
    parser.add_argument("--requests", type=int, default=30, help="in a block")
    chosen = parser.parse_args()
    output = CHECKOUT / "var" / "bench" / "quiet"
    ids = Ids()
    with ExitStack() as stack:
        servers = stack.enter_context(Servers(output / "logs"))
        askers = []
        # The stages first: making one empties the Redis that they share.
        contenders = (Ancestor(), Queuecast())
        for contender, stage in [(c, servers.stage(c.name)) for c in contenders]:
            running = stack.enter_context(Running(contender, stage, ids))
            running.check()
            askers.append(Asker(running, ids.block()))
        blocks = [_round(askers, chosen.requests, n) for n in range(chosen.blocks)]
    first, second = (median(times) for times in zip(*blocks, strict=True))
    ratio = median(later / earlier for earlier, later in blocks)
    sys.stdout.write(
        f"{askers[0].name} {first:.2f} ms, {askers[1].name} {second:.2f} ms, "
        f"block by block {ratio:.2f} times; {chosen.blocks} blocks of {chosen.requests}\n"
    )
    return 0


def _round(askers: Sequence[Asker], size: int, number: int) -> tuple[float, ...]:
    """One block of each, whose order changes from round to round."""
    order = askers if number % 2 else list(reversed(askers))
    times = {asker.name: asker.block(size) for asker in order}
    return tuple(times[asker.name] for asker in askers)


if __name__ == "__main__":
    sys.exit(main())
