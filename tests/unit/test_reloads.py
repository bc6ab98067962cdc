"""What is said of a reload: `api.reloads.progress`, and the reports of a generation."""

from __future__ import annotations

import os

import pytest

from api.reloads import HEARD_WITHIN, Reload, progress
from shared.queue.reloads import ReloadOutcome, ReloadRequest, ReloadState, readable, worker_of
from worker.generations.reports import LONGEST_REASON, Ready, Refused, ReportReader, Reports

REQUEST = ReloadRequest("one", ("a", "b"), 100.0)
RELOADING = ReloadOutcome("a", ReloadState.RELOADING)
RELOADED = ReloadOutcome("a", ReloadState.RELOADED, "v2")
KEPT = ReloadOutcome("b", ReloadState.KEPT, "v1", "broken")
LATE = HEARD_WITHIN + 1


@pytest.mark.parametrize(
    ("said", "age", "alive", "states", "done", "good"),
    [
        ([], 0.5, "ab", "reloading reloading", False, False),
        ([RELOADING], 0.5, "ab", "reloading reloading", False, False),
        ([RELOADING, RELOADED], 0.5, "ab", "reloaded reloading", False, False),
        ([RELOADED, KEPT], 0.5, "ab", "reloaded kept", True, False),
        ([RELOADED], LATE, "a", "reloaded gone", True, True),
        # An earlier version does not look for requests.
        ([RELOADED], LATE, "ab", "reloaded unanswered", True, False),
        # However long it takes.
        ([RELOADING, KEPT], 100 * LATE, "ab", "reloading kept", False, False),
        ([], LATE, "", "gone gone", True, False),
    ],
)
def test_progress(
    said: list[ReloadOutcome], age: float, alive: str, states: str, done: bool, good: bool
) -> None:
    """Each worker that was alive is waited for, as long as it lives; that one ended is no fault of
    the model."""
    found = Reload("one", progress(REQUEST, age, said, tuple(alive)))
    assert [outcome.state for outcome in found.workers] == states.split()
    assert (found.is_done, found.is_good) == (done, good)


def test_a_worker_that_was_not_ready_is_heard() -> None:
    """One whose model did not answer is not counted as alive; a reload may mend it."""
    mended = ReloadOutcome("c", ReloadState.RELOADED, "v2")
    found = progress(ReloadRequest("one", (), 100.0), 1.0, [mended], ())
    assert found == (mended,)


def test_what_travels_is_read_back() -> None:
    """As JSON; what is none, or of another version, is passed over."""
    garbage = ["", "[]", "{}", "null", '{"worker": "a", "state": "unheard of"}', "[" * 100_000]
    assert readable([*garbage, KEPT.to_text()], ReloadOutcome.from_text) == [KEPT]
    assert readable([*garbage, REQUEST.to_text()], ReloadRequest.from_text) == [REQUEST]


def test_the_worker_of_a_generation() -> None:
    """A host's name may have dots; a worker of the version before has no number."""
    assert worker_of("host.example-01a.12") == "host.example-01a"
    assert worker_of("host.example-01a") == "host.example-01a"


def test_reports_in_pieces() -> None:
    """A pipe gives what has come so far, and that may end within a line."""
    reading, writing = os.pipe()
    reader = ReportReader(reading)
    assert reader.read() == []
    Reports(writing).say(Ready("v1"))
    line = os.read(reading, 100)
    os.write(writing, line + line[:5])
    assert reader.read() == [Ready("v1")]
    os.write(writing, line[5:])
    assert reader.read() == [Ready("v1")]
    os.close(writing)
    reader.close()


def test_a_long_reason_is_written_at_once() -> None:
    """What is longer than a pipe writes at once could be mixed with another thread's."""
    reading, writing = os.pipe()
    Reports(writing).say(Refused("ä" * 10_000))
    assert len(os.read(reading, 100_000)) < 4096
    Reports(writing).say(Refused("ä" * 10_000))
    assert ReportReader(reading).read() == [Refused("ä" * LONGEST_REASON)]
    os.close(writing)
    os.close(reading)
