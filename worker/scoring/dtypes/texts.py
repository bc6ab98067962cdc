"""How a column of texts takes values, and which texts a number has. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from worker.scoring.dtypes.read import Check, Read, Reader


def reading(known: Collection[str]) -> tuple[Check, Reader]:
    """Texts as they are. A number is its text: of the two that a whole one has ("2" and "2.0"), the
    one that is known, else as it was sent."""

    def read(value: Any) -> Read | str:
        if isinstance(value, list | dict):
            return "must be a string or a number"
        for text in texts_of(value):
            if text in known:
                return Read(text)
        # Nothing is known of a column without an encoder; a whole number has a plain text there.
        return Read(str(value), not known and type(value) is int)

    return _fault, read


def _fault(value: Any) -> str | None:
    return None if value is None or type(value) is str else "must be a string or a number"


def texts_of(value: Any) -> list[str]:
    """The texts that a value may have been written as, as it was sent first."""
    texts = [str(value)]
    if isinstance(value, float) and value.is_integer():
        texts.append(str(int(value)))
    elif type(value) is int:
        texts.append(f"{value}.0")
    return texts
