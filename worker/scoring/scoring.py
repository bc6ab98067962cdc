"""Score a group: the pipeline is asked once for all, a bad row by itself. Pure."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from shared.answers import unused_keys
from shared.errors import ClientFaultError, QueuecastError, UnansweredError, WrongShapeError
from shared.queue.messages import Kind
from shared.shown import at_most, unused_key_warnings
from shared.strict_json import parse_object
from worker.model.answers import Answer, as_body
from worker.model.loading import Model
from worker.scoring.framing import Observation, columns, frame, take, unknown_keys

# BLAS sums a matrix in blocks, so that a row's last bits can depend on how many rows are beside
# it; frames of a multiple of eight rows gave no differences (tests/unit/test_scoring.py).
BLOCK = 8

Row = TypeVar("Row")
# One answer or error for each row, in order.
Predict = Callable[[Sequence[Row]], Sequence[Answer | UnansweredError]]


@dataclass(frozen=True, slots=True)
class Score:
    """One request's answer, or the error that it ends in. The cause of an `UnansweredError` is what
    the pipeline raised."""

    answer: Answer | None
    error: QueuecastError | None = None
    warnings: tuple[str, ...] = ()

    @property
    def proba(self) -> float | None:
        """The probability in the answer; None where there is no answer, or none in it."""
        if self.answer is None or isinstance(self.answer, float):
            return self.answer
        proba: float | None = self.answer.get("proba")
        return proba

    @property
    def body(self) -> dict[str, Any] | None:
        """The answer as clients see it; None where there is an error."""
        return None if self.answer is None else as_body(self.answer)


def score(bodies: Sequence[str], model: Model) -> list[Score]:
    """Score request bodies, `{"id": …, "observation": {…}}` as text; one score each, in order."""
    scores: list[Score | None] = [None] * len(bodies)
    fit: list[int] = []
    observations: list[Observation] = []
    warnings: list[tuple[str, ...]] = []
    readers = columns(model)
    for position, body in enumerate(bodies):
        try:
            document = parse_object(body)
            sent = _observation(document)
            taken, unknown = take(sent, readers)
        except ClientFaultError as error:
            scores[position] = Score(None, error)
            continue
        fit.append(position)
        observations.append(taken)
        warnings.append(_warnings(document, sent, unknown, model))
    for position, answer, said in zip(fit, _answers(observations, model), warnings, strict=True):
        if isinstance(answer, QueuecastError):
            scores[position] = Score(None, answer)
        else:
            scores[position] = Score(answer, None, said)
    return [s for s in scores if s is not None]


def _answers(observations: Sequence[Observation], model: Model) -> list[Answer | QueuecastError]:
    if model.row_by_row:
        predict = partial(_unpadded, model)
        return [answer for alone in observations for answer in isolate([alone], predict)]
    return isolate(observations, partial(_padded, model))


def isolate(observations: Sequence[Row], predict: Predict[Row]) -> list[Answer | QueuecastError]:
    """Predict all at once; when that raises, halve until each bad row stands alone.

    A row without an answer is asked for again without those that have one: it may be a neighbour's
    doing. `predict` gives an answer or an error for each row, which may be anything that stands for
    an observation, or raises.
    """
    if not observations:
        return []
    try:
        found: list[Answer | QueuecastError] = [*predict(observations)]
    # A pipeline is the user's code and raises what it likes. A SystemExit that ended this process
    # would look like a row that kills it, and be tried three times.
    except BaseException as error:
        if len(observations) == 1:
            return [_fault(error)]
        return _halved(observations, predict)
    lacking = [place for place, answer in enumerate(found) if isinstance(answer, QueuecastError)]
    if not lacking or len(found) == 1:
        return found
    if len(lacking) == len(found):
        return _halved(observations, predict)
    again = isolate([observations[position] for position in lacking], predict)
    for position, answer in zip(lacking, again, strict=True):
        found[position] = answer
    return found


def _halved(observations: Sequence[Row], predict: Predict[Row]) -> list[Answer | QueuecastError]:
    middle = len(observations) // 2
    return [
        *isolate(observations[:middle], predict),
        *isolate(observations[middle:], predict),
    ]


def _padded(
    model: Model, observations: Sequence[Observation]
) -> Sequence[Answer | UnansweredError]:
    """One for each observation; without padding where the padding is in the way.

    The padding repeats the last observation, and a pipeline may drop repeated rows or refuse
    them.
    """
    rows = len(observations)
    padding = [observations[-1]] * (-rows % BLOCK)
    if padding:
        with contextlib.suppress(BaseException):  # what it is will be seen without the padding
            found = model.answers(frame([*observations, *padding], model))[:rows]
            if not any(isinstance(answer, UnansweredError) for answer in found):
                return found
    return _unpadded(model, observations)


def _unpadded(
    model: Model, observations: Sequence[Observation]
) -> Sequence[Answer | UnansweredError]:
    return model.answers(frame(observations, model))


def _observation(document: dict[str, object]) -> Observation:
    observation = document.get("observation")
    if not isinstance(observation, dict):
        raise WrongShapeError("observation must be an object")
    return observation


def _warnings(
    document: dict[str, object], observation: Observation, unknown: list[str], model: Model
) -> tuple[str, ...]:
    inner = unknown_keys(observation, model)
    return (
        *unused_keys(Kind.PREDICT, document),
        *unused_key_warnings("observation has a key that the model does not use", inner),
        *at_most(unknown),
    )


def _fault(error: BaseException) -> QueuecastError:
    if isinstance(error, QueuecastError):
        return error
    fault = UnansweredError(f"the model cannot take this observation: {say(error)}")
    fault.__cause__ = error
    return fault


def say(error: BaseException) -> str:
    """An error of the pipeline's in one line of bounded length."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else 'no message'}"[:500]
