"""Predictions that were refused, asked of the candidate."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.db.engine import Database
from shared.db.refused_jobs import refused_predictions
from shared.db.selection import Selection
from shared.db.stored_observations import LONGEST, Extent, StoredObservation
from shared.db.wait_limit import allow_waiting
from worker.replay.scoring_pool import ScoringPool

# The newest ones stand for all.
MOST_ASKED = 500
MOST_LISTED = 10
# A refusal just before the first row that is replayed belongs to it, too; and the database's clock
# may be ahead of this one.
MARGIN = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def former_refusals(
    database: Database, selection: Selection, rows: Extent, pool: ScoringPool
) -> dict[str, Any]:
    """How many refused jobs of the time of these rows the candidate was asked, how many it answers,
    and some of those. A request that was no job has left nothing to ask.

    Raises:
        DatabaseAwayError: the database does not answer.
    """
    since = selection.since or _earlier(rows)
    until = selection.until or datetime.now(UTC) + MARGIN
    with allow_waiting(LONGEST):
        refused = database.read(lambda c: refused_predictions(c, since, until, MOST_ASKED))
    # Numbered by their places, as they have no row.
    asked = [
        StoredObservation(place, job.body, math.nan, None, None)
        for place, job in enumerate(refused)
    ]
    answered = {
        row.row_id: proba
        for batch, scored in pool.score(iter([asked]))
        for row, proba in zip(batch, scored.probas, strict=True)
        if proba is not None
    }
    listed = [
        {
            "id": refused[place].observation_id,
            "candidate": answered[place],
            "reason": refused[place].reason,
        }
        for place in sorted(answered)[:MOST_LISTED]
    ]
    return {"asked": len(asked), "answered": len(answered), "listed": listed}


def _earlier(rows: Extent) -> datetime:
    # Rows of the ancestor have no time.
    return _EPOCH if rows.earliest is None else rows.earliest - MARGIN
