"""Class labels as JSON has them. Pure."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from shared.errors import ArtifactError


def plain_label(label: Any, path: Any) -> str | int | float | bool:
    """A label as an answer holds it; `path` is the file that it is from.

    Raises:
        ArtifactError: JSON has nothing for it.
    """
    bare = label.item() if isinstance(label, np.generic) else label
    is_time = isinstance(label, np.datetime64 | np.timedelta64)  # whose `item` may be a number
    if is_time or not isinstance(bare, str | int | float) or _is_no_number(bare):
        raise ArtifactError(
            f"{path} has the class {label!r}: classes must be texts, numbers or booleans; give it "
            "a name as a text and fit again"
        )
    return bare


def _is_no_number(label: Any) -> bool:
    return isinstance(label, float) and not math.isfinite(label)
