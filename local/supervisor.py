"""Starts the parts in order, brings back what dies, and stops them in reverse order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.console import say
from local.part import Part
from local.stop_request import Stopped, StopRequest
from local.supervised_part import SupervisedPart
from local.watchdog import Watchdog

LOOK_EVERY = 0.2


class Supervisor:
    """The parts of one run, stopped when the block ends; killed when this process is."""

    def __init__(self, stop_request: StopRequest) -> None:
        self._stop_request = stop_request
        self._parts: list[SupervisedPart] = []

    def __enter__(self) -> Supervisor:
        self._watchdog = Watchdog()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is Stopped:
            say("stopping")
        for supervised in reversed(self._parts):
            supervised.stop()
            self._watchdog.forget(supervised.part.process.pid)
        self._watchdog.close()

    def start_part(self, *arguments: Any, **options: Any) -> Part:
        """A `Part`, made from what that takes, which does not outlive this process."""
        options["in_child"] = self._watchdog.register
        return Part(*arguments, **options)

    def add(
        self, part: Part, start_again: Callable[[], Part], stops_within: float, hint: str = ""
    ) -> None:
        """Watch and stop a part that was made with `start_part`; `start_again` makes its
        replacement."""
        self._parts.append(SupervisedPart(part, start_again, stops_within, hint))

    def refuse_dead(self) -> None:
        """See that all run, while they are being started.

        Raises:
            PartRefusedError: one cannot start as it was set up.
            StartError: one ended for another reason.
        """
        for supervised in self._parts:
            supervised.refuse_dead()

    def watch(self) -> None:
        """Bring back what dies, for as long as nothing ends this.

        Raises:
            PartRefusedError: a part cannot start as it is set up.
            Stopped: a signal asked us to stop.
        """
        while True:
            for supervised in self._parts:
                before = supervised.is_down
                supervised.look()
                if supervised.is_down and not before:
                    self._watchdog.forget(supervised.part.process.pid)
            self._watchdog.revive(s.part.process.pid for s in self._parts if not s.is_down)
            self._stop_request.pause(LOOK_EVERY)
