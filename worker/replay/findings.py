"""All that a replay has found, as JSON. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.replay.changes import changes
from worker.replay.quality import aucs, quality
from worker.replay.replayed import UNLABELLED, Refusal, Replayed

MOST_REASONS = 10


def find(replayed: Replayed, threshold: float) -> dict[str, Any]:
    """What has changed, which rows are refused, how good both are, by segment and by version. Rows
    are named by the table's `id`."""
    changed = changes(replayed, threshold)
    everything = np.ones(len(replayed.row_ids), dtype=np.bool_)
    return {
        "threshold": threshold,
        "rows": _rows(replayed, everything),
        "changes": {
            **changed,
            "largest": [_row(replayed, place) for place in changed["largest"]],
        },
        "refusals": {
            "rows": int((~replayed.answered).sum()),
            "share": float((~replayed.answered).mean()),
            "reasons": _reasons(replayed.refusals),
        },
        "warnings": [
            {"warning": warning, "rows": rows}
            for warning, rows in sorted(replayed.warnings.items(), key=_most_first)[:MOST_REASONS]
        ],
        "quality": quality(replayed, threshold),
        "segments": {
            name: [
                {"segment": segment.name, **_part(replayed, segment.rows, threshold)}
                for segment in column.divide(codes)
            ]
            for name, (column, codes) in replayed.segments.items()
        },
        "versions": [
            {"version": version, **_part(replayed, replayed.versions == place, threshold)}
            for place, version in sorted(
                enumerate(replayed.version_names), key=lambda version: version[1] or ""
            )
        ],
    }


def example_rows(found: dict[str, Any]) -> list[int]:
    """The `id` of each row that is named in what `find` has found."""
    return [
        *(each["row"] for each in found["changes"]["largest"]),
        *(each["row"] for each in found["refusals"]["reasons"]),
    ]


def name_examples(found: dict[str, Any], ids: dict[int, int | str]) -> None:
    """Put the id of its observation beside each row that is named, by the row's `id`."""
    for each in [*found["changes"]["largest"], *found["refusals"]["reasons"]]:
        each["id"] = ids.get(each["row"])


def _most_first(counted: tuple[str, int]) -> tuple[int, str]:
    return -counted[1], counted[0]


def _rows(replayed: Replayed, chosen: NDArray[np.bool_]) -> dict[str, Any]:
    rows, labelled = int(chosen.sum()), int((chosen & (replayed.labels != UNLABELLED)).sum())
    return {"rows": rows, "labelled": labelled, "label_coverage": labelled / rows}


def _part(replayed: Replayed, chosen: NDArray[np.bool_], threshold: float) -> dict[str, Any]:
    """The same figures for a part of the rows, at least one."""
    answered = chosen & replayed.answered
    stored, candidate = replayed.stored[answered], replayed.candidate[answered]
    return {
        **_rows(replayed, chosen),
        "refusals": int((chosen & ~replayed.answered).sum()),
        "decisions": int(((stored >= threshold) != (candidate >= threshold)).sum()),
        "mean_difference": float((candidate - stored).mean()) if len(stored) else None,
        "auc": aucs(replayed, chosen),
    }


def _row(replayed: Replayed, place: int) -> dict[str, Any]:
    stored, candidate = float(replayed.stored[place]), float(replayed.candidate[place])
    return {
        "row": int(replayed.row_ids[place]),
        "stored": stored,
        "candidate": candidate,
        "difference": candidate - stored,
    }


def _reasons(refusals: dict[str, Refusal]) -> list[dict[str, Any]]:
    ordered: Sequence[tuple[str, Refusal]] = sorted(
        refusals.items(), key=lambda reason: (-reason[1].rows, reason[1].first)
    )
    return [
        {"reason": reason, "rows": refusal.rows, "row": refusal.first}
        for reason, refusal in ordered[:MOST_REASONS]
    ]
