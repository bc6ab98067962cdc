"""Values of a frame as JSON has them. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from queuecast.errors import PackError


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


def plain_figures(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Figures by name as JSON has them, NumPy's as numbers; they may be grouped in mappings and
    lists.

    Raises:
        PackError: one is none that JSON has; with its name.
    """
    return {str(name): _figure(str(name), value) for name, value in metrics.items()}


def _figure(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _figure(f"{name}.{key}", one) for key, one in value.items()}
    if hasattr(value, "tolist") and getattr(value, "ndim", 0) > 0:
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_figure(f"{name}[{place}]", one) for place, one in enumerate(value)]
    try:
        figure = plain(value)
    except TypeError as error:
        raise PackError(f"the metric {name!r} is {value!r}: {error}; leave it out") from error
    if figure is None and value is not None:
        raise PackError(f"the metric {name!r} is {value!r}, which is no number: leave it out")
    return figure
