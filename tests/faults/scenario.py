"""A scenario: what is set up, what happens, and then the account of all of it."""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from shared.queue.messages import Kind
from shared.settings import CHECKOUT
from tests.faults import evidence
from tests.faults.account import account
from tests.faults.books import Books, name
from tests.faults.evidence import Evidence
from tests.faults.file_held import new_file
from tests.faults.listing import check_listing
from tests.faults.load import send_all
from tests.faults.metronome import Metronome
from tests.faults.oracle import shipped
from tests.faults.patience import REFUSED_WITHIN
from tests.faults.problem import hung, lost, wrong
from tests.faults.record import History, Record
from tests.faults.result import Result
from tests.faults.servers import Servers
from tests.faults.stage import Stage
from tests.faults.strike import check_strikes
from tests.system import wait_for

Play = Callable[[Stage], None]
SettingsMaker = Callable[[Path], Mapping[str, str]]


DatabaseMaker = Callable[[Servers, Path], str]


def _new_database(servers: Servers, _folder: Path) -> str:
    return servers.new_database()


def _this(_folder: Path) -> Path:
    return CHECKOUT


def _always() -> str | None:
    return None


def _nothing(_folder: Path) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class Scenario:
    """One row of the matrix.

    `play` makes it happen, and returns when everything is back. `settings` are made in an empty
    folder. What plays `alone` needs a system that is set up for it. `patience` is the part of the
    promised time in which it has to recover. `database` gives the URL of an empty one, `checkout`
    the code that the parts begin with, and `why_not` says why this machine cannot play it. A play
    `of_postgres` is about something that SQLite has not got.
    """

    name: str
    about: str
    play: Play
    gateways: int = 1
    settings: SettingsMaker = _nothing
    alone: bool = False
    patience: float = 1.0
    database: DatabaseMaker = _new_database
    why_not: Callable[[], str | None] = _always
    checkout: Callable[[Path], Path] = _this
    of_postgres: bool = False

    def on_sqlite(self) -> Scenario | None:
        """The same on a file of SQLite's, if that is another one and makes sense."""
        if self.of_postgres or self.database is not _new_database:
            return None
        return replace(self, database=new_file)


def run(scenario: Scenario, stage: Stage) -> Result:
    """Play a scenario and account for every request of it."""
    began = time.monotonic()
    deadline = stage.size.deadline * scenario.patience
    stage.size = replace(stage.size, deadline=deadline)
    with Metronome() as metronome:
        stage.stalls = metronome.stalls
        try:
            scenario.play(stage)
        except Exception as error:  # the other plays go on, whatever this one ran into
            traceback.print_exc()
            stage.problems.append(wrong(f"the play broke off: {type(error).__name__}: {error}"))
            stage.gave_up = True
        return conclude(scenario.name, scenario.about, stage, began)


def conclude(scenario: str, about: str, stage: Stage, began: float) -> Result:
    """Let what is under way end, send again what has no answer, and account for everything."""
    stage.check_parts()
    url = stage.system.database_url
    history = stage.history
    # What has not recovered already is not waited for as long once more.
    patience = 5.0 if stage.gave_up else stage.size.deadline
    try:
        wait_for(lambda: not evidence.unfinished(url, stage.since), patience, "jobs end")
    except AssertionError as error:
        stage.problems.append(lost(str(error)))
    for check in stage.at_end:
        try:
            check()
        except AssertionError as error:
            stage.problems.append(wrong(str(error)))
    before = evidence.gather(url, stage.since)
    first = [_cured(record, stage) for record in history.records]
    again = _send_again(stage, first)
    _await_jobs(stage, url)
    after = evidence.gather(url, stage.since)
    books = Books(first, again, before, after, shipped(), stage.ended, stage.troubled, stage.stalls)
    stage.problems += account(books)
    stage.problems += check_strikes(stage.strikes, stage.shown, history.records)
    stage.problems += check_listing(stage, after)
    _check_haste(books, stage)
    if stage.recovery is None and not stage.gave_up:
        stage.problems.append(wrong("nobody looked whether everything recovered"))
    return _result(scenario, about, stage, first, after, time.monotonic() - began)


def _cured(record: Record, stage: Stage) -> Record:
    if record.ask.number not in stage.cured:
        return record
    return replace(record, ask=replace(record.ask, trap=None))


def _send_again(stage: Stage, records: list[Record]) -> list[Record]:
    """Each id once whose request has no answer or was refused: predictions, then updates."""
    open_ones = {
        (r.ask.kind, r.ask.key): r.ask
        for r in records
        if (r.absence is not None or r.refused) and not r.ask.trap
    }
    found: list[Record] = []
    history = History()
    for kind in (Kind.PREDICT, Kind.UPDATE):
        asks = [
            replace(ask, number=stage.history.number(), respond_async=False)
            for (of, _), ask in open_ones.items()
            if of is kind
        ]
        random.Random(stage.seed).shuffle(asks)
        sent = send_all(asks, stage.addresses, history, stage.size.clients)
        found += sent
        if len(sent) != len(asks):
            stage.problems.append(lost(f"{len(asks) - len(sent)} could not be sent again"))
    return found


def _await_jobs(stage: Stage, url: str) -> None:
    """A repeated request may have become a job too; the account says so if it stays one."""
    deadline = time.monotonic() + 30
    while evidence.unfinished(url, stage.since) and time.monotonic() < deadline:
        time.sleep(0.1)


def _check_haste(books: Books, stage: Stage) -> None:
    history = stage.history
    for record in history.sent_in_outages():
        seconds = books.judged_seconds(record)
        if seconds > REFUSED_WITHIN:
            after = record.sent_at - max(t for t, _ in history.outages if t <= record.sent_at)
            text = f"{name(record)} took {seconds:.2f} s, sent {after:.2f} s after a server was "
            stage.problems.append(hung(text + f"gone; {REFUSED_WITHIN:g} s are allowed"))


def _result(
    scenario: str, about: str, stage: Stage, records: list[Record], after: Evidence, took: float
) -> Result:
    history = stage.history
    return Result(
        name=scenario,
        about=about,
        sent=len(records),
        answered=sum(r.absence is None for r in records),
        refused=sum(r.refused for r in records),
        rows=len(after.rows),
        jobs=len(after.jobs),
        slowest=history.slowest(),
        slowest_in_outage=history.slowest_in_outages(),
        stopping=stage.stopping,
        recovery=stage.recovery,
        took=took,
        problems=tuple(stage.problems),
    )
