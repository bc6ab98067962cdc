"""The id of an observation: given by the client, echoed as it was first sent."""

from __future__ import annotations

from dataclasses import dataclass

from shared.errors import WrongShapeError

SMALLEST_INTEGER = -(2**63)
LARGEST_INTEGER = 2**63 - 1
LONGEST_TEXT = 255

ALLOWED = "a 64-bit integer or a string of 1 to 255 characters"


@dataclass(frozen=True, slots=True)
class ObservationId:
    """One observation's id.

    `key` is what makes two ids the same: `0` and `"0"` share one, `"00"` has another.
    `is_text` says in which of the two kinds it was sent.
    """

    key: str
    is_text: bool

    @property
    def as_sent(self) -> int | str:
        """The id in the kind in which it was sent."""
        return self.key if self.is_text else int(self.key)

    @classmethod
    def parse(cls, value: object) -> ObservationId:
        """Take the id from a JSON value.

        Raises:
            WrongShapeError: for anything but a 64-bit integer or a usable string.
        """
        # bool is a subclass of int, and `true` is no id.
        if isinstance(value, int) and not isinstance(value, bool):
            if SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
                return cls(str(value), is_text=False)
            raise WrongShapeError(f"id must be {ALLOWED}, and this integer needs more than 64 bits")
        if isinstance(value, str):
            return cls(_usable(value), is_text=True)
        raise WrongShapeError(f"id must be {ALLOWED}, not {_kind(value)}")


def _usable(text: str) -> str:
    if not 1 <= len(text) <= LONGEST_TEXT:
        raise WrongShapeError(f"id must be {ALLOWED}, not a string of {len(text)} characters")
    if "\x00" in text:
        raise WrongShapeError("id must not hold a NUL character")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise WrongShapeError("id must not hold a lone surrogate")
    return text


def _kind(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", float: "a fraction", list: "an array", dict: "an object"}
    return names.get(type(value), type(value).__name__)
