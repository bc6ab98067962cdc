"""The command line of a replay."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from shared.argument import argument
from shared.db.selection import Selection
from worker.replay.conditions import FIGURES, Condition

_DESCRIPTION = """\
Score stored observations (DATABASE_URL) with the model of a folder, which serves nobody: what would
it answer otherwise, what would it refuse, and is it better? Nothing is written to the database.
"""
_CODES = """\
exit codes: 0, 3 when a condition of --fail-if holds, 1 when the replay or a condition cannot be
carried out, 2 for a wrong command line
"""


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked for: of the selection the `newest` rows, or all (None); `html` is the file to
    write, `processes` None for as many as cores."""

    folder: Path
    selection: Selection
    newest: int | None
    threshold: float
    segments: tuple[str, ...]
    conditions: tuple[Condition, ...]
    json: bool
    html: Path | None
    processes: int | None


def parse(arguments: Sequence[str] | None) -> Options:
    """Read the command line; one that is wrong ends the process with code 2."""
    given = _parser().parse_args(arguments)
    selection = Selection(
        given.since, given.until, given.model_version, True if given.labelled else None
    )
    return Options(
        Path(given.folder).absolute(), selection, given.limit, given.threshold,
        tuple(dict.fromkeys(given.segment)), tuple(given.fail_if), given.json,
        None if given.html is None else Path(given.html), given.processes,
    )  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    figures = "\n".join(f"  {name:26}{figure.meaning}" for name, figure in FIGURES.items())
    parser = argparse.ArgumentParser(
        prog="python -m worker.replay",
        description=_DESCRIPTION,
        epilog=f"figures for --fail-if (shares are between 0 and 1):\n{figures}\n\n{_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", help="the candidate's folder, as MODEL_DIR would name it")
    rows = parser.add_argument_group("which rows")
    rows.add_argument(
        "--since",
        type=_time,
        metavar="TIME",
        help="predicted from then on: 2026-11-24, or 2026-11-24T10:30Z; UTC",
    )
    rows.add_argument("--until", type=_time, metavar="TIME", help="predicted before then")
    rows.add_argument("--model-version", metavar="VERSION", help="that this version answered")
    rows.add_argument("--labelled", action="store_true", help="whose true class is known")
    rows.add_argument("--limit", type=_at_least_one, metavar="N", help="the newest N of them")
    judging = parser.add_argument_group("how they are judged")
    judging.add_argument(
        "--threshold",
        type=_probability,
        default=0.5,
        metavar="P",
        help="from which probability on the decision is the positive class (default: 0.5)",
    )
    judging.add_argument(
        "--segment",
        action="append",
        default=[],
        metavar="COLUMN",
        help="tell the rows apart by this key of the observation, too; several times for several",
    )
    judging.add_argument(
        "--fail-if",
        type=_condition,
        action="append",
        default=[],
        metavar="CONDITION",
        help='such as "auc_drop > 0.01": exit with 3 when it '
        "holds; several times for several, any of which is enough",
    )
    told = parser.add_argument_group("how it is told")
    told.add_argument("--json", action="store_true", help="for programs, instead of tables")
    told.add_argument("--html", metavar="FILE", help="write a page with plots as well")
    parser.add_argument(
        "--processes",
        type=_at_least_one,
        metavar="N",
        help="that score at once (default: one for each core)",
    )
    return parser  # fmt: skip


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _between_0_and_1(text: str) -> float:
    found = float(text)
    if math.isnan(found) or not 0 <= found <= 1:
        raise ValueError(text)
    return found


def _positive(text: str) -> int:
    found = int(text)
    # As large as the database's own numbers.
    if not 1 <= found < 2**63:
        raise ValueError(text)
    return found


_time = argument(_moment, "a time such as 2026-11-24 or 2026-11-24T10:30Z")
_probability = argument(_between_0_and_1, "a number between 0 and 1")
_at_least_one = argument(_positive, "a whole number above 0")


def _condition(text: str) -> Condition:
    try:
        return Condition.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
