"""A first prediction before the first request: imports, caches and JITs are paid for here, and
children that are forked afterwards share the pages. Whether an answer depends on company is found
out on the way."""

from __future__ import annotations

import json
import logging
import random
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace

from shared.errors import ArtifactError
from worker.model.loading import Model
from worker.scoring.made_up import observations
from worker.scoring.scoring import Score, score

log = logging.getLogger(__name__)

# By how much an answer in company may differ from the one alone (docs/guarantees.md).
TOLERANCE = 1e-12


def warm_up(model: Model) -> Model:
    """Score made-up observations alone and in company. The model to serve with: this one, or,
    when an answer depended on its company, this one row by row.

    Raises:
        ArtifactError: what the model answers has not the shape of probabilities.
    """
    bodies = [json.dumps({"id": 0, "observation": o}) for o in observations(model)]
    row_by_row = replace(model, row_by_row=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about values that nobody sent
        alone = score(bodies, row_by_row)
        _refuse_misshapen(alone)
        for company in _companies(len(bodies)):
            together = score([bodies[i] for i in company], model)
            for position, found in zip(company, together, strict=True):
                if _differ(alone[position], found):
                    log.warning(
                        "the model's answers depend on what else is in a group (a made-up "
                        "observation has %s alone and %s in company), so it is scored row by row, "
                        "which is slower",
                        _shown(alone[position]), _shown(found),
                    )  # fmt: skip
                    return row_by_row
    if len({s.proba for s in alone if s.error is None}) < 2:
        faults = sorted({str(s.error) for s in alone if s.error is not None})
        log.warning(
            "whether the model's answers depend on what else is in a group could not be found out: "
            "it does not tell made-up observations apart%s",
            f" ({faults[0]})" if faults else "",
        )
    return model


def _companies(rows: int) -> Iterator[Sequence[int]]:
    """Positions of rows to score together: in threes, all, shuffled, and in two uneven parts."""
    order = list(range(rows))
    for start in range(0, rows, 3):
        yield order[start : start + 3]
    yield order
    random.Random(5).shuffle(order)  # noqa: S311 - nothing is kept secret by it
    yield order
    yield order[:7]
    yield order[7:]


def _refuse_misshapen(scores: Sequence[Score]) -> None:
    for found in scores:
        if isinstance(found.error, ArtifactError):
            raise found.error


def _differ(alone: Score, together: Score) -> bool:
    if alone.proba is None or together.proba is None:
        return alone.proba is not together.proba
    return abs(alone.proba - together.proba) > TOLERANCE


def _shown(found: Score) -> str:
    return "no answer" if found.proba is None else str(found.proba)
