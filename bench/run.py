"""A whole run: every contender prepared, then round after round of turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from bench.checking import WrongAnswerError
from bench.contender import Contender
from bench.passengers import FIRST_PROBA, TOLERANCE, Ids, expected
from bench.progress import Progress
from bench.stage import Servers
from bench.turn import Plan, Turn, take_turn
from shared.errors import QueuecastError


@dataclass
class Run:
    """What a run has found so far; `set_aside` says why a contender is out of it."""

    plan: Plan
    rounds: int
    turns: list[Turn] = field(default_factory=list)
    set_aside: dict[str, str] = field(default_factory=dict)
    versions: dict[str, dict[str, str]] = field(default_factory=dict)


def run(contenders: Sequence[Contender], rounds: int, plan: Plan) -> Run:
    """Run the contenders in turn: A B C, A B C, so that a slow minute hits all of them.

    One that cannot be installed or started, answers wrongly or loses a row is set aside with its
    figures, and the others go on.

    Raises:
        WrongAnswerError: the pipeline of this checkout does not give the documented probability.
    """
    if abs(expected()[0] - FIRST_PROBA) > TOLERANCE:
        raise WrongAnswerError(f"the pipeline gives {expected()[0]!r}, and not {FIRST_PROBA!r}")
    found = Run(plan, rounds)
    progress = Progress()
    for contender in contenders:
        _attempt(contender, found, progress, partial(_prepare, contender, found, progress))
    ids = Ids()
    with Servers(plan.output / "logs") as servers:
        found.versions["servers"] = servers.versions()
        schedule = [(number, c) for number in range(1, rounds + 1) for c in contenders]
        for place, (number, contender) in enumerate(schedule):
            ahead = [c for _, c in schedule[place:] if c.name not in found.set_aside]
            progress.expect(len(ahead) * plan.measurements)
            turn = partial(_turn, contender, number, found, servers, ids, progress)
            _attempt(contender, found, progress, turn)
    found.turns = [turn for turn in found.turns if turn.contender not in found.set_aside]
    return found


def _prepare(contender: Contender, found: Run, progress: Progress) -> None:
    contender.prepare(progress.say)
    found.versions[contender.name] = contender.versions()


def _turn(
    contender: Contender, number: int, found: Run, servers: Servers, ids: Ids, progress: Progress
) -> None:
    found.turns.append(take_turn(contender, number, found.plan, servers, ids, progress))


def _attempt(
    contender: Contender, found: Run, progress: Progress, step: Callable[[], None]
) -> None:
    if contender.name in found.set_aside:
        return
    try:
        step()
    except QueuecastError as error:
        found.set_aside[contender.name] = str(error)
        progress.say(f"\n{contender.name} is set aside: {error}")
