"""Everything about one run, arranged for the checks: what was asked, said and stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from shared.queue.messages import Kind
from tests.faults.evidence import Evidence, Job, Row
from tests.faults.metronome import Stall, stalled
from tests.faults.oracle import Oracle
from tests.faults.record import Address, Record

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class Said:
    """One prediction that somebody was told, synchronously or as a job's result."""

    record: Record
    proba: float
    exists: bool  # "already exists" was said beside it
    how: str


@dataclass
class Books:
    """The histories (`again` holds what was sent a second time, after recovery) and the tables
    (`before` as they were when everything had recovered, `after` as they are now)."""

    history: Sequence[Record]
    again: Sequence[Record]
    before: Evidence
    after: Evidence
    # The probability that the pipeline gives to an observation.
    oracle: Oracle
    # Gateways that were ended on purpose, and when: what they owed may be missing.
    ended: Sequence[tuple[Address, float]] = ()
    # From when until when somebody may be refused, because a part was away or the queue full.
    troubled: Sequence[tuple[float, float]] = ()
    # When the clients themselves were kept from running, and for how long.
    stalls: Sequence[Stall] = ()
    by_number: dict[int, Record] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    jobs_of: dict[int, list[Job]] = field(default_factory=dict)
    labels: dict[str, list[Job]] = field(default_factory=dict)
    predictions: dict[str, list[Record]] = field(default_factory=dict)
    updates: dict[str, list[Record]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rows = _grouped((row.key, row) for row in self.after.rows)
        self.jobs = {job.job_id: job for job in self.after.jobs}
        self.jobs_of = _grouped((j.maker, j) for j in self.after.jobs if j.maker is not None)
        self.labels = _grouped((j.key, j) for j in self.after.jobs if j.kind == Kind.UPDATE)
        everything = [*self.history, *self.again]
        self.by_number = {record.ask.number: record for record in everything}
        self.predictions = _grouped(
            (r.ask.key, r) for r in everything if r.ask.kind is Kind.PREDICT
        )
        self.updates = _grouped((r.ask.key, r) for r in everything if r.ask.kind is Kind.UPDATE)

    def all(self) -> list[Record]:
        """Every request, the repeated ones last."""
        return [*self.history, *self.again]

    def was_ended(self, record: Record) -> bool:
        """Whether the gateway that owed this answer was ended before it gave it."""
        return any(
            record.gateway == gateway and record.ended_at >= at for gateway, at in self.ended
        )

    def may_be_refused(self, record: Record) -> bool:
        """Whether a part was away, or the queue full, while this request was under way."""
        return any(
            record.sent_at <= until and since <= record.ended_at for since, until in self.troubled
        )

    def judged_seconds(self, record: Record) -> float:
        """How long a request took, without what its own client was kept from running."""
        return record.seconds - stalled(self.stalls, record)

    def row(self, key: str) -> Row | None:
        """The first row of an observation."""
        rows = self.rows.get(key)
        return rows[0] if rows else None

    def job(self, record: Record) -> Job | None:
        """The job that a 202 promised."""
        return self.jobs.get(str((record.body or {}).get("job_id")))

    def said(self) -> list[Said]:
        """Every probability that was given to anybody."""
        found = []
        for records in self.predictions.values():
            for record in records:
                body, how = record.body or {}, "answer"
                if record.status == 202:
                    job = self.job(record)
                    body, how = (job.outcome if job and job.status == "succeeded" else {}), "job"
                elif record.status != 200:
                    continue
                proba = body.get("proba")
                if isinstance(proba, float):
                    found.append(Said(record, proba, "error" in body, how))
        return found


def name(record: Record) -> str:
    """A request in a problem's text."""
    ask = record.ask
    how = " respond-async" if ask.respond_async else ""
    trap = f" with a row to {ask.trap}" if ask.trap else ""
    said = record.absence if record.absence else record.status
    return f"request {ask.number} ({ask.kind} {ask.observation_id!r}{how}{trap}; {said})"


def _grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    found: dict[K, list[V]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return dict(found)
