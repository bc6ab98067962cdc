"""Conditions that more than one module of queries has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, bindparam
from sqlalchemy.sql.elements import ColumnElement


def among(column: Column[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Whether a column has one of these values; as `in_`, which looks at each of them by itself
    and so takes longer than the query, for a whole group."""
    name = f"some_{column.key}"
    return column.in_(bindparam(name, list(values), column.type, expanding=True, unique=True))
