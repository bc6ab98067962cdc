"""A contender's probability held against the pipeline's own."""

from __future__ import annotations

from bench.passengers import TOLERANCE
from shared.errors import QueuecastError


class WrongAnswerError(QueuecastError):
    """A contender answered, and not with the pipeline's probability."""


def compare(contender: str, position: int, answer: float, right: float) -> None:
    """See that a probability is the pipeline's.

    Raises:
        WrongAnswerError: it is another one.
    """
    if not abs(answer - right) <= TOLERANCE:
        raise WrongAnswerError(
            f"{contender} says {answer!r} of passenger {position + 1}, and not {right!r}"
        )
