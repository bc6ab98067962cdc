"""Clients that send slowly, read nothing or only connect, beside honest ones who notice nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.end_to_end.half_sent import EVERYTHING
from tests.faults.haste import check_haste
from tests.faults.record import Record
from tests.faults.repeating import repeating
from tests.faults.scenario import Scenario
from tests.faults.stage import Stage
from tests.filled_table import fill
from tests.flood import Flood
from tests.gateway_memory import check_memory
from tests.rough_client import head
from tests.system import call, wait_for

# How often those that were closed are replaced, and those that read nothing are, in seconds.
_AGAIN, _RENEWED = 0.1, 6.0
# To each gateway. More connections than it has places; as many bodies as leave it some.
_CONNECTIONS, _BODIES, _READERS = 1100, 800, 16
# Connections that come at once. More than there are places, within the moment between two requests
# of an honest client, would make its kept connection the one that is idle for longest.
_AT_ONCE = 200
_ROWS = 100_000
_BUFFER = 64 * 1024
# Seconds in which a new connection is answered.
_LET_IN = 2.0


def settings(_folder: Path) -> Mapping[str, str]:
    """Rough clients are closed while they are watched, and come again."""
    return {
        "HEAD_TIMEOUT": "2", "BODY_STALL": "2", "BODY_TIMEOUT": "4", "SEND_TIMEOUT": "4",
    }  # fmt: skip


def play(attack: Callable[[Stage], Sequence[Flood]]) -> Callable[[Stage], None]:
    """A play: honest clients in quiet, and then beside these floods."""

    def beside(stage: Stage) -> None:
        floods = attack(stage)
        stage.at_end.append(lambda: _check_memory(stage))
        with stage.load():
            quiet = _phase(stage)
            with _kept_up(floods):
                stage.strike("rough clients come")
                rough = _phase(stage)
                held = sum(flood.held() for flood in list(floods))
            assert held, "no rough client was there"
            stage.shown.append(f"{held} rough clients")
            stage.recovered()
        stage.problems += check_haste(quiet, rough)

    return beside


def _phase(stage: Stage) -> list[Record]:
    """What honest clients sent in a while, and what came of it."""
    began = time.monotonic()
    before = len(stage.history)

    def over() -> bool:
        # Honest clients keep their connections; whoever comes anew must be let in as well.
        for address in stage.addresses():
            assert call(address, "GET", "/healthz", timeout=_LET_IN).status == 200
        enough = len(stage.history) - before >= stage.size.warm
        return enough and time.monotonic() - began >= stage.size.outage

    wait_for(over, stage.size.outage + 60, "a phase of honest traffic")
    ended = time.monotonic()
    return [r for r in stage.history.records if began <= r.sent_at and r.ended_at <= ended]


@contextmanager
def _kept_up(floods: Sequence[Flood]) -> Iterator[None]:
    """The floods in this block: whatever is closed comes again."""

    def keep_up() -> None:
        for flood in floods:
            flood.keep_up()

    with ExitStack() as stack:
        for flood in floods:
            stack.enter_context(flood)
        stack.enter_context(repeating(keep_up, _AGAIN))
        yield


def _check_memory(stage: Stage) -> None:
    for part, _ in stage.system.gateways:
        check_memory(part)


def _slow_senders(stage: Stage) -> Sequence[Flood]:
    sent = [case.sent() for case in EVERYTHING]
    return [Flood(address, _BODIES, sent) for address in stage.addresses()]


def _slow_readers(stage: Stage) -> Sequence[Flood]:
    # Before every row of an honest client, so that they are in nobody's account.
    fill(stage.system.database_url, range(-_ROWS, 0))
    sent = head("GET", f"/list-db-contents?after={-_ROWS - 1}")
    return [
        Flood(address, _READERS, sent, _BUFFER, renewed_every=_RENEWED)
        for address in stage.addresses()
    ]


def _connections(stage: Stage) -> Sequence[Flood]:
    sent = (b"", b"GE", b"POST /predict HTTP/1.1\r\nHost: te", head("GET", "/healthz"))
    return [Flood(address, _CONNECTIONS, sent, at_once=_AT_ONCE) for address in stage.addresses()]


def _scenario(
    name: str, about: str, attack: Callable[[Stage], Sequence[Flood]], of_postgres: bool = False
) -> Scenario:
    return Scenario(
        name, about, play(attack), gateways=2, settings=settings, alone=True,
        of_postgres=of_postgres,
    )  # fmt: skip


SCENARIOS = (
    _scenario("slow-senders", "hundreds of half-sent requests of every kind", _slow_senders),
    # Its table is filled by one statement of PostgreSQL's.
    _scenario("slow-readers", "listings that nobody reads", _slow_readers, of_postgres=True),
    _scenario("connection-flood", "more connections than places, which ask for nothing",
              _connections),
)  # fmt: skip
