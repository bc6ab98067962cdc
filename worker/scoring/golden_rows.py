"""A manifest's golden rows scored again: a model that answers them differently is not the one that
was trained."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Sequence
from dataclasses import replace

from shared.errors import ArtifactError
from worker.model.answers import shown
from worker.model.artifacts import PIPELINE
from worker.model.loading import Model
from worker.model.manifest import MANIFEST, GoldenRow, Manifest
from worker.model.trained_with import in_words, other_versions
from worker.scoring.agreement import agree
from worker.scoring.scoring import Score, score
from worker.scoring.time_limit import time_limit

log = logging.getLogger(__name__)

# How far an answer may be from that of the training process. Linear algebra sums in another order
# on another processor, which changes the last digits of the same pickle's answers.
TOLERANCE = 1e-9


def check_golden_rows(model: Model, manifest: Manifest, limit: float) -> bool:
    """Score them singly, together, and shuffled; each within `limit` seconds. Whether the model
    has to be scored row by row: alone each row is answered as it was, and in company not.

    Raises:
        ArtifactError: a row by itself is answered differently.
    """
    rows = manifest.golden_rows
    alone = replace(model, row_by_row=True)
    for row, found in zip(rows, _scored(rows, alone, limit), strict=True):
        if not agree(row.answer, found.body, TOLERANCE):
            raise ArtifactError(_differs(row, found, manifest))
    order = list(range(len(rows)))
    random.Random(7).shuffle(order)  # noqa: S311 - nothing is kept secret by it
    for company in (rows, [rows[place] for place in order]):
        together = _scored(company, model, limit)
        for row, found in zip(company, together, strict=True):
            if not agree(row.answer, found.body, TOLERANCE):
                log.warning(
                    "the model answers a golden row of %s with %s in company and with %s alone, so "
                    "it is scored row by row, which is slower",
                    MANIFEST, _shown(found), _trained(row),
                )  # fmt: skip
                return True
    return False


def _scored(rows: Sequence[GoldenRow], model: Model, limit: float) -> list[Score]:
    bodies = [json.dumps({"id": 0, "observation": row.observation}) for row in rows]
    with time_limit(limit):
        return score(bodies, model)


def _differs(row: GoldenRow, found: Score, manifest: Manifest) -> str:
    asked = json.dumps(row.observation, ensure_ascii=False)[:300]
    return (
        f"{PIPELINE} answers the golden row {asked} of {MANIFEST} with {_shown(found)}, and where "
        f"it was trained with {_trained(row)}{_cause(manifest)}"
    )


def _cause(manifest: Manifest) -> str:
    """The libraries that are others than those that it was trained with, in a part of a sentence:
    the likely cause."""
    others = other_versions(manifest.libraries)
    if not others:
        return ": pack it again"
    return f"; it was trained with {in_words(others)}: name those versions in a requirements.txt"


def _shown(found: Score) -> str:
    return str(found.error) if found.answer is None else shown(found.answer)


def _trained(row: GoldenRow) -> str:
    """The answer where it was trained, as `shown` shows it here."""
    plain = row.answer["proba"] if list(row.answer) == ["proba"] else row.answer
    return shown(plain)
