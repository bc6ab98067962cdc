"""A model as those who ask for it see it, as JSON. Pure."""

from __future__ import annotations

from typing import Any

from worker.model.loading import Model
from worker.model.manifest import Manifest

# What a manifest knows of a column that helps whoever fills it in.
_OF_COLUMNS = ("name", "dtype", "nullable", "range", "categories")


def describe(
    model: Model, manifest: Manifest | None, example: dict[str, Any] | None
) -> dict[str, Any]:
    """Its columns by name, an observation that it answered, and under `details` what is known of
    it: with a manifest all that its training process said, without one what the files show."""
    details: dict[str, Any] = {
        "name": None,
        "kind": model.answering.kind,
        "classes": list(model.answering.classes),
        "positive_class": model.answering.positive_class,
        "columns": [
            {"name": name, "dtype": str(model.dtypes.get(name, "object"))} for name in model.columns
        ],
        "metrics": {},
        "row_by_row": model.row_by_row,
    }
    if model.answering.outputs is not None:
        details["outputs"] = model.answering.outputs
    if manifest is not None:
        details |= {
            "name": manifest.name,
            "release": manifest.version,
            "columns": [
                {key: column[key] for key in _OF_COLUMNS if key in column}
                for column in manifest.columns
            ],
            "metrics": manifest.metrics,
        }
    return {"columns": list(model.columns), "example": example, "details": details}
