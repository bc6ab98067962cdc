"""Whether two answers to the same observation are the same. Pure."""

from __future__ import annotations

from typing import Any


def agree(one: Any, other: Any, tolerance: float) -> bool:
    """Whether labels are equal and numbers differ by no more than `tolerance`, or by that part of
    the larger one where it is above 1, as a regressor's may be; both in the same shape."""
    if isinstance(one, dict):
        same_keys = isinstance(other, dict) and list(one) == list(other)
        return same_keys and all(agree(one[k], other[k], tolerance) for k in one)
    if isinstance(one, list):
        same_length = isinstance(other, list) and len(one) == len(other)
        return same_length and all(map(lambda a, b: agree(a, b, tolerance), one, other))
    if _is_number(one) and _is_number(other):
        return bool(abs(one - other) <= tolerance * max(1.0, abs(one), abs(other)))
    return type(one) is type(other) and bool(one == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
