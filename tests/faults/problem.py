"""What an account can find to be wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sort(StrEnum):
    """How a promise was broken."""

    LOST = "lost"
    DOUBLED = "doubled"
    WRONG = "wrong"
    HUNG = "hung"


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken promise, in words."""

    sort: Sort
    text: str

    def __str__(self) -> str:
        return f"{self.sort}: {self.text}"


def lost(text: str) -> Problem:
    """Something that was accepted is not there."""
    return Problem(Sort.LOST, text)


def doubled(text: str) -> Problem:
    """Something is there twice, or was answered in two ways."""
    return Problem(Sort.DOUBLED, text)


def wrong(text: str) -> Problem:
    """Something is not as the contract says."""
    return Problem(Sort.WRONG, text)


def hung(text: str) -> Problem:
    """Somebody waited longer than anybody may."""
    return Problem(Sort.HUNG, text)
