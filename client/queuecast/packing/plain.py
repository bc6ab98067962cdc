"""Values of a frame as JSON has them. Pure."""

from __future__ import annotations

import json
import math
from typing import Any


def plain(value: Any) -> Any:
    """A value as an observation holds it: null for a missing one, ISO 8601 for times and durations.

    Raises:
        TypeError: JSON has nothing for it.
    """
    # NumPy's scalars.
    bare = value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value
    if hasattr(value, "isoformat"):  # pandas' times and durations, before NumPy makes integers
        text = value.isoformat()
        return None if text == "NaT" else text
    if bare is None or type(bare).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(bare, float) and not math.isfinite(bare):
        if math.isnan(bare):
            return None
        raise TypeError(f"{bare} is no JSON")
    if isinstance(bare, (bool, int, float, str)):
        return bare
    raise TypeError(f"a {type(value).__name__} is no JSON")


def key(label: Any) -> str:
    """A class label as the key of an object: as JSON would write it as text."""
    bare = plain(label)
    return bare if isinstance(bare, str) else json.dumps(bare)
