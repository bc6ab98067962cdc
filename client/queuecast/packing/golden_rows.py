"""Observations with what the training process says of them, for every worker to score again."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from queuecast.packing.answers import Answering
from queuecast.packing.coverage import Coverage
from queuecast.packing.plain import plain

if TYPE_CHECKING:
    import pandas as pd

LEAST, MOST = 20, 50
# Some places are left for rows that are made.
_OF_THE_FRAME = MOST - 10
# So many rows are tried to show every need, and so many in all: a pipeline may refuse most of them.
_TRIES_TO_COVER, _TRIES = 200, 300
# So many lines are said of what is lacking.
_LINES = 20
# A text that no training frame has.
UNSEEN = "a value that was never seen"


@dataclass
class GoldenRows:
    """Rows as `{"observation", "answer"}`; what they do not show of the frame, in words; and why
    the pipeline refused others, the rows by reason."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    refused: dict[str, list[str]] = field(default_factory=dict)

    def refuse(self, what: str, reason: str) -> None:
        """Note that the pipeline does not answer this row."""
        self.refused.setdefault(reason, []).append(what)

    @property
    def gaps(self) -> list[str]:
        """What is lacking and what was refused, a line each."""
        lines = [f"no golden row shows {need}" for need in self.lacking]
        for reason, rows in self.refused.items():
            others = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
            lines.append(f"{rows[0]}{others} cannot be one: {reason}")
        more = [f"and {len(lines) - _LINES} more"] if len(lines) > _LINES else []
        return lines[:_LINES] + more


def golden_rows(answering: Answering, frame: pd.DataFrame) -> GoldenRows:
    """Rows of the frame that show a missing value in every column that lacks one, the extremes and
    the values, each row as much as it can; others until there are enough; and rows that are made
    from them: a text that was never seen."""
    found = _Finding(answering, frame)
    found.cover()
    found.fill()
    if found.taken:
        found.make()
    return found.golden


class _Finding:
    """Golden rows while they are looked for. `taken` are the positions in the frame of its rows."""

    def __init__(self, answering: Answering, frame: pd.DataFrame) -> None:
        self._answering = answering
        self._frame = frame
        self._coverage = Coverage(frame)
        self._tries = 0
        self._tried: set[int] = set()
        self.taken: dict[int, dict[str, Any]] = {}
        self.golden = GoldenRows()

    def cover(self) -> None:
        """Take the rows that show most."""
        while len(self.taken) < _OF_THE_FRAME and self._tries < _TRIES_TO_COVER:
            position = self._coverage.best()
            if position is None:
                break
            if not self._take(position):
                self._coverage.drop(position)

    def fill(self) -> None:
        """Take others until there are enough, and put those first that lack least: the first one is
        shown as an example."""
        others = list(range(len(self._frame)))
        random.Random(0).shuffle(others)  # noqa: S311 - the same rows in every run
        for position in others:
            if len(self.taken) >= LEAST or self._tries >= _TRIES:
                break
            if position not in self._tried:
                self._take(position)
        whole_first = sorted(self.taken.items(), key=lambda item: (_nulls(item[1]), item[0]))
        self.golden.rows = [row for _, row in whole_first]
        self.golden.lacking = self._coverage.lacking()

    def make(self) -> None:
        """Add rows that the frame does not have, as far as there is room."""
        texts = [name for name in self._frame.columns if _has_free_texts(self._frame[name])]
        unseen = set(texts)
        for names in _together_and_singly(texts):
            if len(self.golden.rows) >= MOST or self._tries >= _TRIES:
                break
            made, reason = self._try(_with_unseen(self._frame, min(self.taken), names))
            if made is not None:
                self.golden.rows.append(made)
                unseen.difference_update(names)
            elif len(names) == 1:
                self.golden.refuse(f"{UNSEEN!r} in {names[0]!r}", reason)
        refused = {name for names in self.golden.refused.values() for name in names}
        self.golden.lacking += [
            f"a text that was never seen of {name!r}"
            for name in texts
            if name in unseen and f"{UNSEEN!r} in {name!r}" not in refused
        ]

    def _take(self, position: int) -> bool:
        self._tried.add(position)
        row, reason = self._try(self._frame.iloc[[position]])
        if row is None:
            self.golden.refuse(f"row {position}", reason)
            return False
        self.taken[position] = row
        self._coverage.take(position)
        return True

    def _try(self, row: pd.DataFrame) -> tuple[dict[str, Any] | None, str]:
        """A row with its answer; None, and why, if the pipeline refuses it or JSON has no such
        value."""
        self._tries += 1
        try:
            observation = {str(name): plain(row[name].iloc[0]) for name in row.columns}
        except TypeError as error:
            return None, str(error)
        try:
            answer = self._answering.answer(row)
            if answer["prediction" if "prediction" in answer else "proba"] is None:
                return None, "the pipeline's answer is not a number"
            json.dumps(answer, allow_nan=False)
        except Exception as error:  # a pipeline raises what it likes, as it may for such a row
            first = (str(error).strip().splitlines() or [""])[0]
            return None, f"the pipeline refuses it with {type(error).__name__}: {first[:200]}"
        return {"observation": observation, "answer": answer}, ""


def _nulls(row: dict[str, Any]) -> int:
    return sum(value is None for value in row["observation"].values())


def _together_and_singly(names: list[str]) -> Iterator[list[str]]:
    if len(names) > 1:
        yield names
    for name in names:
        yield [name]


def _with_unseen(frame: pd.DataFrame, position: int, names: list[str]) -> pd.DataFrame:
    row = frame.iloc[[position]].copy()
    for name in names:
        dtype = frame[name].dtype
        row[name] = row[name].astype(object).map(lambda _: UNSEEN).astype(dtype)
    return row


def _has_free_texts(column: pd.Series) -> bool:
    """Whether all its values are texts, and its dtype does not name those that it can have."""
    import pandas as pd

    present = column.dropna()
    if isinstance(column.dtype, pd.CategoricalDtype) or present.empty:
        return False
    if pd.api.types.is_numeric_dtype(column.dtype):
        return False
    return bool(present.map(lambda value: isinstance(value, str)).all())
