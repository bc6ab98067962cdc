"""First predictions before the first request: imports, caches and JITs are paid for here. Whether
the model answers at all, and whether an answer depends on company, is found out on the way."""

from __future__ import annotations

import json
import logging
import math
import random
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from traceback import walk_tb

import sklearn

from shared.errors import ArtifactError, QueuecastError
from worker.model.alignment import NO_ANSWER
from worker.model.answers import shown
from worker.model.artifacts import PIPELINE
from worker.model.cure import cure
from worker.model.loading import Model
from worker.scoring.agreement import agree
from worker.scoring.framing import Observation
from worker.scoring.made_up import observations
from worker.scoring.scoring import Score, say, score
from worker.scoring.time_limit import time_limit

log = logging.getLogger(__name__)

# By how much an answer in company may differ from the one alone (docs/guarantees.md).
TOLERANCE = 1e-12
# What code raises about a value that it was given, on purpose or not.
_ABOUT_VALUES = (ValueError, LookupError, ArithmeticError, AttributeError, TypeError)
# Code that is not the user's own: here, and in the libraries that pipelines are made of.
_LIBRARIES = {
    "worker", "sklearn", "numpy", "scipy", "pandas", "joblib", "polars", "lightgbm", "xgboost",
    "catboost", "category_encoders", "imblearn",
}  # fmt: skip


# What scikit-learn says when a step before has dropped every row.
_NO_ROWS = "0 sample(s)"
# What Python says to a step that starts processes (a pool of multiprocessing's).
_DAEMONIC = "daemonic processes are not allowed to have children"
_POOL_HINT = "; a step may use threads, but no processes of its own"


@dataclass(frozen=True, slots=True)
class WarmUp:
    """What was found out about a model: whether each row needs a frame of its own, and an
    observation that it answered, if there was one."""

    row_by_row: bool
    answered: Observation | None


def warm_up(model: Model, limit: float = math.inf) -> WarmUp:
    """Score made-up observations alone and in company.

    `limit` is how many seconds the model may take for one group; the process is ended when it
    takes longer. When all together take longer, the rest is left out.

    Raises:
        ArtifactError: what the model answers has not the shape of probabilities, or it raises on
            every row for a reason of its own.
    """
    made = observations(model)
    bodies = [json.dumps({"id": 0, "observation": o}) for o in made]
    row_by_row = replace(model, row_by_row=True)
    until = time.monotonic() + limit
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about values that nobody sent
        alone: list[Score] = []
        for body in bodies:
            if alone and time.monotonic() > until:
                break
            alone += _within(limit, [body], row_by_row)
        _refuse_misshapen(alone)
        _refuse_failing(made, alone, model)
        answered = next((o for o, s in zip(made, alone, strict=False) if s.error is None), None)
        for company in _companies(len(alone)):
            if time.monotonic() > until:
                break
            together = _within(limit, [bodies[i] for i in company], model)
            for position, found in zip(company, together, strict=True):
                if _differ(alone[position], found):
                    log.warning(
                        "the model's answers depend on what else is in a group (a made-up "
                        "observation has %s alone and %s in company), so it is scored row by row, "
                        "which is slower",
                        _shown(alone[position]), _shown(found),
                    )  # fmt: skip
                    return WarmUp(True, answered)
    if time.monotonic() > until:
        log.warning("the model took too long for made-up observations to try them in all company")
    elif len({shown(s.answer) for s in alone if s.answer is not None}) < 2:
        faults = sorted({str(s.error) for s in alone if s.error is not None})
        log.warning(
            "whether the model's answers depend on what else is in a group could not be found out: "
            "it does not tell made-up observations apart%s",
            f" ({faults[0]})" if faults else "",
        )
    return WarmUp(False, answered)


def _within(limit: float, bodies: Sequence[str], model: Model) -> list[Score]:
    with time_limit(limit):
        return score(bodies, model)


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


def _refuse_failing(made: Sequence[Observation], scores: Sequence[Score], model: Model) -> None:
    """Refuse a model that answers no row, for the same reason each time (nulls apart, which many
    models refuse); unless the reason may be one of the user's own steps that finds fault with
    values: made-up ones may all be wrong."""
    errors = [s.error for s in scores if s.error is not None]
    if len(errors) < len(scores):
        return
    whole = [e for o, e in zip(made, errors, strict=False) if None not in o.values()]
    reasons = {_reason(error) for error in whole or errors}
    if len(reasons) != 1:
        return
    cause = (whole or errors)[0].__cause__
    reason = reasons.pop()
    if NO_ANSWER in reason or _NO_ROWS in reason:
        return
    if isinstance(cause, _ABOUT_VALUES) and not _in_libraries_only(cause):
        return
    if model.written_with and model.written_with != sklearn.__version__:
        raise ArtifactError(
            f"{PIPELINE} was written with scikit-learn {model.written_with} and cannot answer with "
            f"{sklearn.__version__}: {cure(model.written_with)} ({reason})"
        ) from cause
    raise ArtifactError(
        f"{PIPELINE} answers no observation at all, not one of {len(scores)} that fit its dtypes: "
        f"{reason}{_POOL_HINT if _DAEMONIC in reason else ''}"
    ) from cause


def _reason(error: QueuecastError) -> str:
    return str(error) if error.__cause__ is None else say(error.__cause__)


def _in_libraries_only(error: BaseException) -> bool:
    names = (frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__))
    return all(name.split(".")[0] in _LIBRARIES for name in names)


def _differ(alone: Score, together: Score) -> bool:
    if alone.answer is None or together.answer is None:
        return alone.answer is not together.answer
    return not agree(alone.answer, together.answer, TOLERANCE)


def _shown(found: Score) -> str:
    return "no answer" if found.answer is None else shown(found.answer)
