"""A part that comes back when it dies."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

from local.console import say
from local.part import Part
from local.restart_pause import RestartPause
from shared.errors import REFUSED, StartError
from shared.signal_names import signal_name


class PartRefusedError(Exception):
    """A part cannot start as it was set up, and has said why."""


class SupervisedPart:
    """A running part, and how to start it again; `hint` is said with its end, `stops_within` is in
    seconds, and `clock` counts them."""

    def __init__(
        self,
        part: Part,
        start_again: Callable[[], Part],
        stops_within: float,
        hint: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.part = part
        self._start_again = start_again
        self._stops_within = stops_within
        self._hint = hint
        self._clock = clock
        self._starts_at: float | None = None
        self._pause = RestartPause(clock)

    @property
    def is_down(self) -> bool:
        """Whether it was seen to have ended, and is not started again yet."""
        return self._starts_at is not None

    def refuse_dead(self) -> None:
        """See that it runs, while everything is being started.

        Raises:
            PartRefusedError: it cannot start as it was set up.
            StartError: it ended for another reason.
        """
        code = self.part.exit_code
        if code == REFUSED:
            raise PartRefusedError
        if code is not None:
            raise StartError(f"{self.part.name} {describe_end(code)}{self._hint}")

    def look(self) -> None:
        """Note that it ended, and say so once; start it again when its pause is over.

        Raises:
            PartRefusedError: it cannot start as it is set up, so that trying again is no use.
        """
        if self._starts_at is None:
            code = self.part.exit_code
            if code is not None:
                # The processes that it had started itself.
                self.part.kill()
                if code == REFUSED:
                    raise PartRefusedError
                self._wait_after(describe_end(code))
        elif self._clock() >= self._starts_at:
            self._pause.started()
            try:
                self.part = self._start_again()
                self._starts_at = None
            except (OSError, StartError, subprocess.SubprocessError) as error:
                self._wait_after(f"could not be started ({error})")

    def stop(self) -> None:
        """Stop it, and say so when it had to be killed."""
        if self.is_down:
            return
        if self.part.stop(self._stops_within):
            # The processes that it had started itself, should it have died.
            self.part.kill()
        else:
            say(f"{self.part.name} did not stop within {self._stops_within:g} s and was killed")

    def _wait_after(self, what: str) -> None:
        pause = self._pause.ended()
        self._starts_at = self._clock() + pause
        say(f"{self.part.name} {what}{self._hint}; it starts again in {pause:g} s")


def describe_end(exit_code: int) -> str:
    """How a process ended, by its exit code as `subprocess` has it: negative for a signal."""
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    return f"was ended by {signal_name(-exit_code)}"
