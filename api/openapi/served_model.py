"""The model that the workers serve, as far as the document needs to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ServedModel:
    """What workers say of their model. `version` is what rows name as `model_version`; `columns`
    are as in `GET /model`: name, dtype, and what the manifest knows; `example` is an observation
    that it has answered; `outputs` is how many numbers a regressor gives, and `others` how many
    other versions are served beside it."""

    version: str
    name: str | None = None
    kind: str | None = None
    classes: tuple[Any, ...] = ()
    positive_class: Any = None
    columns: tuple[Mapping[str, Any], ...] = ()
    example: Mapping[str, Any] = field(default_factory=dict)
    outputs: int | None = None
    others: int = 0

    @classmethod
    def of(cls, version: str, described: Mapping[str, Any], others: int) -> ServedModel:
        """From a worker's description, of which Redis may have lost all."""
        details = described.get("details") or {}
        return cls(
            version=version,
            name=details.get("name"),
            kind=details.get("kind"),
            classes=tuple(details.get("classes") or ()),
            positive_class=details.get("positive_class"),
            columns=tuple(details.get("columns") or ()),
            example=described.get("example") or {},
            outputs=details.get("outputs"),
            others=others,
        )
