"""Arguments of the query string."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from shared.errors import WrongShapeError
from shared.observation_id import LARGEST_INTEGER

# More than any route takes.
_MOST = 100


def whole_number(query: bytes, name: str, smallest: int, default: int) -> int:
    """A whole number of 64 bits from the query string; the first one, if there are several.

    Raises:
        WrongShapeError: the argument is something else.
    """
    if not query:
        return default
    try:
        found = parse_qs(query.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST)
    except ValueError as error:
        raise WrongShapeError(f"the query string has more than {_MOST} arguments") from error
    if name not in found:
        return default
    text = found[name][0]
    if re.fullmatch(r"-?[0-9]{1,19}", text) and smallest <= int(text) <= LARGEST_INTEGER:
        return int(text)
    raise WrongShapeError(f"{name} must be a whole number from {smallest} to {LARGEST_INTEGER}")
