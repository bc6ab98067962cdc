"""How a column of texts takes values, and which texts a number has. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from worker.scoring.dtypes.read import Check, Read, Reader


def reading(known: Collection[str]) -> tuple[Check, Reader]:
    """Texts as they are. A number is its text: of the two that a whole one has ("2" and "2.0"), the
    one that is known, else as it was sent. Where nothing is known, every text is taken for known.
    """

    def read(value: Any) -> Read | str:
        if isinstance(value, list | dict):
            return _FAULT
        for text in texts_of(value):
            if text in known:
                return Read(text)
        # A whole number has a plain text; which one a fraction or a truth had in training is not
        # known.
        return Read(str(value), not known and type(value) is int)

    return (lambda value: _fault_of_known(value, known)) if known else _fault, read


_FAULT = "must be a string or a number"


def _fault(value: Any) -> str | None:
    return None if value is None or type(value) is str else _FAULT


def _fault_of_known(value: Any, known: Collection[str]) -> str | None:
    return None if value is None or (type(value) is str and value in known) else "not known"


def texts_of(value: Any) -> list[str]:
    """The texts that a value may have been written as, as it was sent first."""
    texts = [str(value)]
    if isinstance(value, float) and value.is_integer():
        texts.append(str(int(value)))
    elif type(value) is int:
        texts.append(f"{value}.0")
    return texts
