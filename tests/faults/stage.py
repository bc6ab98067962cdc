"""Where a scenario plays: a running system, a load, and everything that is seen of both."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from random import Random
from typing import Any

from local.part import Part
from shared.queue.messages import Kind, Lane
from tests.faults import evidence, processes
from tests.faults.file_held import storing_held_on_sqlite
from tests.faults.load import Load, send_all
from tests.faults.metronome import Stall
from tests.faults.patience import STOP_WITHIN
from tests.faults.problem import Problem, hung, wrong
from tests.faults.record import Address, Ask, History, Record
from tests.faults.servers import Servers
from tests.faults.size import Size
from tests.faults.strike import Strike
from tests.faults.traffic import Ids, Traffic, observations
from tests.system import System, wait_for

Say = Callable[[str], None]

# The worker's, by default (WORKER_PROCESSES).
CHILDREN = 2
# Clients of their own: what a play sends, and the looks whether all is well again.
_OURS, _PROBES = 98, 99


class Stage:
    """One scenario's run. What it does is drawn from `seed` and the scenario's name."""

    def __init__(
        self, name: str, seed: int, size: Size, servers: Servers, system: System, say: Say
    ) -> None:
        self.name = name
        self.size = size
        self.servers = servers
        self.system = system
        self.say = say
        self.seed = seed
        self.random = Random(f"{seed} {name}")
        # How often we look whether all is well depends on the machine, and may not move the draws
        # of victims and rows.
        self._probing = Random(f"{seed} {name} probes")
        self.since = evidence.mark(system.database_url)
        # Integers beyond any row's number, so that runs on one database never share an id.
        self.ids = Ids(f"{name} {self.since.row}", 10**12 + 10**7 * (self.since.job + 1))
        self._made = itertools.count(1)
        self._probed = itertools.count(1)
        self.history = History()
        self.problems: list[Problem] = []
        self.recovery: float | None = None
        self.stopping: float | None = None
        # Gateways that were ended on purpose, and when.
        self.ended: list[tuple[Address, float]] = []
        # When somebody may be refused; the last one ends when everything has recovered.
        self.troubled: list[tuple[float, float]] = []
        self.strikes: list[Strike] = []
        self.stalls: list[Stall] = []
        # What else proves that a fault met something, in words.
        self.shown: list[str] = []
        # Requests whose row the model takes after all, since it was mended.
        self.cured: set[int] = set()
        # To be looked at when everything has come to rest.
        self.at_end: list[Callable[[], None]] = []
        # Whether there is nothing to wait for any more.
        self.gave_up = False
        self._ended_on_purpose: set[int] = set()

    # -- requests

    def addresses(self) -> Sequence[Address]:
        """Where the gateways are now."""
        return [client.address for _, client in list(self.system.gateways)]

    def predict(
        self,
        observation_id: int | str | None = None,
        respond_async: bool = False,
        trap: str | None = None,
        **values: Any,
    ) -> Ask:
        """A prediction to be sent; of a passenger whom the seed draws, changed by `values`."""
        number = self.history.number()
        observation = self.random.choice(observations()) | values
        key = observation_id
        if key is None:
            key = self.ids.of(_OURS, next(self._made), self.random)
        return Ask(number, Kind.PREDICT, key, observation, None, respond_async, trap)

    def update(self, observation_id: int | str, label: int, respond_async: bool = False) -> Ask:
        """An update to be sent."""
        number = self.history.number()
        return Ask(number, Kind.UPDATE, observation_id, None, label, respond_async)

    def send(self, asks: Sequence[Ask], clients: int | None = None) -> list[Record]:
        """Send each once, by so many clients at once."""
        return send_all(asks, self.addresses, self.history, clients or self.size.clients)

    @contextmanager
    def load(self) -> Iterator[None]:
        """Clients keep sending for as long as the block takes; it begins when they are warm."""
        traffics = [
            Traffic(
                client,
                Random(f"{self.seed} {self.name} {client}"),
                self.ids,
                self.history.number,
                self.size.pause,
            )
            for client in range(self.size.clients)
        ]
        load = Load(traffics, self.addresses, self.history)
        load.start()
        try:
            self.await_answers(self.size.warm)
            yield
            self.await_answers(self.size.warm)
        finally:
            load.stop()

    def await_answers(self, more: int) -> None:
        """Wait for so many answers from now on."""
        until = len(self.history) + more
        wait_for(lambda: len(self.history) >= until, 60, f"{more} more answers")

    # -- faults

    @contextmanager
    def outage(self, away: AbstractContextManager[None]) -> Iterator[None]:
        """A server is `away` in this block: whoever asks is to be refused within 2 s."""
        self.trouble()
        with away:
            began = time.monotonic()
            yield
            # Bringing it back takes a while, in which it may answer already: then clients wait for
            # the workers, who find out a little later than the gateway.
            ended = time.monotonic()
        self.history.outages.append((began, ended))

    def trouble(self) -> None:
        """From now until everything has recovered, somebody may be refused."""
        self.troubled.append((time.monotonic(), math.inf))

    def strike(self, what: str, gateway: Address | None = None) -> None:
        """A fault is made now: requests must be under way, to that gateway if one is named."""
        wait_for(lambda: self.history.under_way(gateway), 10, f"{what}: a request is under way")
        self.strikes.append(Strike(what, time.monotonic(), gateway))

    @contextmanager
    def mid_group(
        self, what: str, gateway: Address | None = None, queued: bool = False
    ) -> Iterator[None]:
        """Every child of the worker has scored a group and not stored it, in this block, in which
        a fault is made; when asked for, messages wait on Redis as well."""
        with self._storing_held():
            if queued:
                lanes = [self.system.queue(lane) for lane in Lane]
                wait_for(lambda: self.servers.waiting(lanes), 10, f"{what}: messages wait on Redis")
            self.strike(what, gateway)
            yield

    def _storing_held(self) -> AbstractContextManager[None]:
        url = self.system.database_url
        if not url.startswith("sqlite"):
            return self.servers.storing_held(url, CHILDREN)
        # Whoever else would write gets no turn either, and is refused.
        self.trouble()
        return storing_held_on_sqlite(url, processes.children(self.worker))

    def kill(self, part: Part) -> None:
        """SIGKILL to a part and all below it."""
        self.expect_end(part)
        processes.kill(part)

    def terminate(self, parts: Sequence[Part], sent: Callable[[], None] = lambda: None) -> None:
        """SIGTERM to every process of these parts at once; they must end in time. `sent` is called
        as soon as they have been told."""
        for part in parts:
            self.expect_end(part)
        seconds, slow = processes.terminate(parts, STOP_WITHIN + 5, sent)
        self.stopping = max(self.stopping or 0.0, seconds)
        if seconds > STOP_WITHIN:
            self.problems.append(hung(f"SIGTERM: {seconds:.1f} s, and still there: {slow}"))
        for part in parts:
            processes.kill(part)

    def expect_end(self, part: Part) -> None:
        """This part is about to be ended on purpose."""
        self._ended_on_purpose.add(part.process.pid)
        for gateway, client in self.system.gateways:
            if gateway is part:
                self.ended.append((client.address, time.monotonic()))

    def renew_gateway(self, place: int) -> None:
        """Another gateway takes the place of one that has ended."""
        started = self.system.start_gateway()
        self.system.gateways.remove(started)
        self.system.gateways[place] = started

    def renew_worker(self, **settings: str) -> None:
        """Another worker takes the place of the last one, which has ended."""
        self.system.workers.pop()
        self.system.start_worker(**settings)

    @property
    def worker(self) -> Part:
        """The worker."""
        return self.system.workers[-1]

    # -- recovery

    def recovered(self, jobs_only: bool = False) -> None:
        """All parts are back now. Wait until every job that was accepted so far has ended, and
        every gateway answers a fresh synchronous prediction with 200."""
        back = time.monotonic()
        url = self.system.database_url
        last = evidence.mark(url).job
        waiting = [] if jobs_only else list(self.addresses())
        left = 1
        while left or waiting:
            if not self.check_parts():
                self.gave_up = True
                return
            if time.monotonic() - back > self.size.deadline:
                said = self.history.records[-1]
                text = f"not recovered within {self.size.deadline:g} s: {left} jobs have not ended"
                self.gave_up = True
                said_last = f"; {len(waiting)} gateways refuse, the last said {said.status}"
                self.problems.append(wrong(text + (said_last if waiting else "")))
                return
            waiting = [address for address in waiting if not self._answers(address)]
            left = evidence.unfinished(url, self.since, last)
            if left or waiting:
                time.sleep(0.1)
        now = time.monotonic()
        self.troubled = [(since, min(until, now)) for since, until in self.troubled]
        self.recovery = max(self.recovery or 0.0, now - back)

    def _answers(self, address: Address) -> bool:
        key = self.ids.of(_PROBES, next(self._probed), self._probing)
        observation = self._probing.choice(observations())
        ask = Ask(self.history.number(), Kind.PREDICT, key, observation)
        found = send_all([ask], lambda: [address], self.history, 1)
        return bool(found) and found[0].status == 200

    def check_parts(self) -> bool:
        """Nothing may have ended but what was ended on purpose."""
        alive = True
        for part in [*(gateway for gateway, _ in self.system.gateways), *self.system.workers]:
            if part.exit_code is not None and part.process.pid not in self._ended_on_purpose:
                self._ended_on_purpose.add(part.process.pid)
                self.problems.append(wrong(f"{part.name} ended by itself: {part.exit_code}"))
                alive = False
        return alive
