"""Which rows of the `prediction` table somebody asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement

from shared.db.tables import PREDICTION

_c = PREDICTION.c


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows that were predicted from `since` on and before `until`, by this version of the
    model, with a true class (`labelled`) or without one (False). None asks for nothing. Rows that
    the ancestor stored have neither a time nor a version."""

    since: datetime | None = None
    until: datetime | None = None
    model_version: str | None = None
    labelled: bool | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Those that a row must meet; none when all rows are asked for."""
        found: list[ColumnElement[bool]] = []
        if self.since is not None:
            found.append(_c.predicted_at >= self.since)
        if self.until is not None:
            found.append(_c.predicted_at < self.until)
        if self.model_version is not None:
            found.append(_c.model_version == self.model_version)
        if self.labelled is not None:
            has_class = _c.true_class.is_not(None)
            found.append(has_class if self.labelled else ~has_class)
        return found


EVERYTHING = Selection()
