"""The bytes that all requests together may hold in this process."""

from __future__ import annotations

from shared.errors import BusyError

# Bodies up to this size are small. A quarter of the budget is theirs alone, so that a few clients
# with large bodies cannot shut the others out.
SMALL = 65536
_LARGE_MAY_USE = 0.75


class ByteBudget:
    """Counts bytes that are held; of the event loop's thread only."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.held = 0

    def hold(self) -> HeldBytes:
        """What one request holds, nothing yet."""
        return HeldBytes(self)

    def room(self, size: int, more: int) -> bool:
        """Whether something that has `size` bytes already may grow by `more`."""
        bound = self._most if size + more <= SMALL else self._most * _LARGE_MAY_USE
        return self.held + more <= bound


class HeldBytes:
    """The bytes that one request holds."""

    __slots__ = ("_budget", "size")

    def __init__(self, budget: ByteBudget) -> None:
        self._budget = budget
        self.size = 0

    def take(self, more: int) -> None:
        """Hold more.

        Raises:
            BusyError: all requests together hold what they may.
        """
        if not self._budget.room(self.size, more):
            raise BusyError("this gateway holds as many bytes of requests as it may", 1)
        self.size += more
        self._budget.held += more

    def give_back(self) -> None:
        """Hold nothing any more."""
        self._budget.held -= self.size
        self.size = 0
