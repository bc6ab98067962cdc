"""References into the document's components. Pure."""

from __future__ import annotations

from typing import Any


def schema(name: str) -> dict[str, Any]:
    """A schema of `components`."""
    return {"$ref": f"#/components/schemas/{name}"}


def header(name: str) -> dict[str, Any]:
    """A response's header."""
    return {"$ref": f"#/components/headers/{name}"}


def parameter(name: str) -> dict[str, Any]:
    """A request's parameter."""
    return {"$ref": f"#/components/parameters/{name}"}
