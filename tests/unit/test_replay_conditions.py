"""`--fail-if`: what is a condition, and when does it hold?"""

from __future__ import annotations

from typing import Any

import pytest

from worker.replay.conditions import FIGURES, Condition
from worker.replay.options import parse

FOUND: dict[str, Any] = {
    "rows": {"rows": 100},
    "quality": {"auc": {"drop": 0.02, "drop_interval": [-0.01, 0.05]}},
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("auc_drop > 0.01", True),
        ("auc_drop>0.02", False),
        (" auc_drop >= 2e-2 ", True),
        ("auc_drop<.5", True),
        ("rows <= 100", True),
        ("rows < 100.", False),
        ("rows == 1e2", True),
        ("rows != +100", False),
        ("auc_drop_low > -0.02", True),
        ("brier_rise > 0", None),
        ("accuracy < 0.5", None),
    ],
)
def test_judged(text: str, holds: bool | None) -> None:
    """By its figure; not at all where there is none."""
    assert Condition.parse(text).judge(FOUND)["holds"] is holds


@pytest.mark.parametrize(
    "text",
    [
        "", "auc_drop", "> 0.01", "auc_drop > ", "auc_drop = 0.01", "auc_drop > nan",
        "auc_drop > 0.01 or rows > 1", "auc_drop > __import__('os')", "auc_drop > 0,01",
        "auc_drop => 1", "auc_drop > 1 2", "auc_drop > ٣",
    ],
)  # fmt: skip
def test_no_condition(text: str) -> None:
    """Nothing but a name, a comparison and a number."""
    with pytest.raises(ValueError, match="is no condition"):
        Condition.parse(text)


def test_an_unknown_name_is_refused_with_those_that_are_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["folder", "--fail-if", "auc_dorp > 0.01"])
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert "'auc_dorp' is none of rows, labelled," in said
    assert all(name in said for name in FIGURES)


def test_help_names_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for name, figure in FIGURES.items():
        assert f"  {name} " in said and figure.meaning in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--threshold", "1.5"], "'1.5' is not a number between 0 and 1"),
        (["--threshold", "nan"], "'nan' is not a number between 0 and 1"),
        (["--since", "yesterday"], "'yesterday' is not a time such as 2026-11-24"),
        (["--limit", "0"], "'0' is not a whole number above 0"),
        (["--limit", str(2**63)], "is not a whole number above 0"),
        (["--processes", "two"], "'two' is not a whole number above 0"),
    ],
)
def test_wrong_values(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["folder", *arguments])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_times_are_in_utc() -> None:
    selection = parse(["folder", "--since", "2026-11-24", "--until", "2026-11-24T10:30+02:00"])
    since, until = selection.selection.since, selection.selection.until
    assert since is not None and since.isoformat() == "2026-11-24T00:00:00+00:00"
    assert until is not None and until.isoformat() == "2026-11-24T08:30:00+00:00"
