"""The benchmark's tables: medians with their spread, and their places in the documents."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from bench.arrivals import Arrivals
from bench.bursts import Burst
from bench.checking import WrongAnswerError
from bench.kinds import kind_row, too_slow
from bench.load import Figures
from bench.markdown import full, short
from bench.marked import PLACES, NotMarkedError, replace_marked
from bench.open_table import arrival_rows, burst_rows
from bench.table import Spread, summarise, table
from bench.turn import Plan, Turn

PLAN = Plan((1, 8), 4, Path(), bursts=(8,), rates=(40, 400))
BEGIN, END = "<!-- `make bench` writes this -->", "<!-- end of `make bench` -->"


def figures(rate: float, errors: int = 0) -> Figures:
    """A load of four seconds with this rate; its latencies follow from the rate."""
    return Figures(round(rate * 4), errors, 0, 0, 4.0, 1000 / rate, 3000 / rate, checked=5)


def turns() -> list[Turn]:
    """Three rounds of two contenders; the second is beyond its capacity in one of them."""
    found = []
    for number, (one, many) in enumerate([(50, 100), (40, 300), (60, 200)], 1):
        first = Turn("app", number, {1: figures(100), 8: figures(100)})
        second = Turn("queue", number, {1: figures(one), 8: figures(many, number)})
        for turn in (first, second):
            turn.bursts.append(Burst(8, 10.0 * number, 20.0 * number, number))
            turn.arrivals.append(Arrivals(40, 160, 0, 5.0, 9.0 * number, 20.0))
        first.arrivals.append(Arrivals(400, 1600, 2, 6.0, 8.0, 9.0))
        if number > 1:
            second.arrivals.append(Arrivals(400, 1600, 0, 6.0, 8.0, 9.0))
        found += [first, second]
    return found


def result() -> dict[str, Any]:
    """The parts of a run's document that its tables are made of."""
    kind = kind_row(64, "/update", [figures(90), figures(70)], [figures(100), figures(100)])
    return {
        "machine": {"cores": 2, "memory_gib": 8, "python": "3.11.7", "load_generator": "wrk"},
        "versions": {"servers": {"postgresql": "15.18 (Debian 15.18-0)"}},
        "rounds": 3,
        "seconds": 4,
        "timeout": 10,
        "contenders": {
            "app": {"title": "one app", "stores": True},
            "queue": {"title": "a queue", "stores": False},
        },
        "table": [asdict(row) for row in summarise(turns(), PLAN)],
        "bursts": [asdict(row) for row in burst_rows(turns(), PLAN)],
        "arrivals": [asdict(row) for row in arrival_rows(turns(), PLAN)],
        "kinds": [asdict(kind)],
    }


def test_a_row_has_the_median_of_its_rounds_and_their_spread() -> None:
    """One round that was fast or slow does not move the median, and is seen all the same."""
    row = summarise(turns(), PLAN)[3]
    assert (row.contender, row.clients) == ("queue", 8)
    assert row.rate == Spread(200.0, 100.0, 300.0)
    assert (row.errors, row.checked, row.ratio, row.p50_ratio) == (6, 15, 2.0, None)


def test_one_client_has_a_ratio_of_its_latency() -> None:
    """20 ms beside the first contender's 10."""
    assert summarise(turns(), PLAN)[2].p50_ratio == 2.0
    assert "2.00x" in table(summarise(turns(), PLAN)).splitlines()[4]


def test_a_rate_that_was_not_always_borne_has_no_latency() -> None:
    """A median of the rounds in which it was would flatter."""
    rows = {(row.contender, row.rate): row for row in arrival_rows(turns(), PLAN)}
    assert rows["queue", 400].p99_ms is None
    assert rows["app", 400].failed == 6
    assert rows["queue", 40].p99_ms == Spread(18.0, 9.0, 27.0)


def test_the_tables_in_markdown() -> None:
    """Every stage has one, with a line for each contender and what failed beside its figure."""
    text = full(result())
    assert "|  | 1 client | 8 clients |" in text
    assert "| a queue, which stores nothing | 50 (40 to 60); 20.0, 60.0 |" in text
    assert "200 (100 to 300); 5.0, 15.0, 6 failed |" in text
    assert "| one app | 20 / 40 (60), 6 failed |" in text
    assert "| a queue, which stores nothing | 5 / 18 (27) | beyond its capacity |" in text
    assert "| one app | 5 / 18 (27) | 6 / 8 (8), 6 failed |" in text
    assert "| /update | 80 (70 to 90); 0.80 (0.70 to 0.90) |" in text
    assert "60 answers were compared" in text


def test_a_stage_that_was_left_out_has_no_table() -> None:
    """And no words about it."""
    text = full({**result(), "bursts": [], "arrivals": [], "kinds": [], "table": []})
    assert "|" not in text
    assert "PostgreSQL 15.18 with" in text


def test_the_short_table_has_the_wait_of_one_client() -> None:
    """Where the one-process app wins."""
    text = short(result())
    assert "| one app | 100 (100 to 100), 10.0 ms | 100 (100 to 100) |" in text
    assert "at once" not in text


def test_a_kind_is_held_against_the_plain_one_of_its_round() -> None:
    """0.9 and 0.7 of it; 0.8 is enough, and less is too slow."""
    enough = kind_row(64, "/update", [figures(90), figures(70)], [figures(100), figures(100)])
    assert (enough.ratio.low, enough.ratio.high) == (0.7, 0.9)
    slow = kind_row(64, "/update", [figures(79)], [figures(100)])
    assert too_slow([enough, slow]) == [slow]
    with pytest.raises(WrongAnswerError):
        kind_row(64, "/update", [figures(1)], [Figures(0, 0, 0, 9, 4.0, 0, 0)])


def test_a_table_replaces_the_one_between_its_marks() -> None:
    """What stands around it stays, and writing twice is writing once."""
    text = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    written = replace_marked(text, "make bench", "new\n")
    assert written == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    assert replace_marked(written, "make bench", "new\n") == written


@pytest.mark.parametrize(
    "text",
    ["", BEGIN, END, f"{END}\n{BEGIN}", f"{BEGIN}\n{BEGIN}\n{END}", f"{BEGIN}\n{END}\n{END}"],
)
def test_a_document_without_the_marks_is_not_written(text: str) -> None:
    """Nor one that has them twice, or the wrong way round."""
    with pytest.raises(NotMarkedError):
        replace_marked(text, "make bench", "new")


@pytest.mark.parametrize("command", sorted(PLACES))
def test_the_documents_have_a_place_for_each_command(command: str) -> None:
    """So that half an hour of measuring does not end with an error."""
    for path in PLACES[command]:
        replace_marked(path.read_text(), command, "new")
    makefile = (PLACES["make bench"][0].parent.parent / "Makefile").read_text()
    assert f'--write "{command}"' in makefile
