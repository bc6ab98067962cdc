"""Query parameters."""

from __future__ import annotations

import re

from flask import request

from shared.errors import WrongShapeError
from shared.observation_id import LARGEST_INTEGER


def whole_number(name: str, smallest: int, default: int) -> int:
    """A whole number of 64 bits from the query string.

    Raises:
        WrongShapeError: the parameter is something else.
    """
    text = request.args.get(name)
    if text is None:
        return default
    if re.fullmatch(r"-?[0-9]{1,19}", text) and smallest <= int(text) <= LARGEST_INTEGER:
        return int(text)
    raise WrongShapeError(f"{name} must be a whole number of at least {smallest}")
