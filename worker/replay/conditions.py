"""`--fail-if "auc_drop > 0.01"`: under which conditions a replay is to fail. Pure."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_CONDITION = re.compile(
    r"\s*(?P<name>\w+)\s*(?P<comparison>>=|<=|==|!=|>|<)\s*"
    r"(?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that a condition may name: what it is, and where `findings.find` has it."""

    meaning: str
    path: tuple[str | int, ...]


# Shares are between 0 and 1. A drop and a rise are positive where the candidate is worse.
FIGURES: dict[str, Figure] = {
    "rows": Figure("rows replayed", ("rows", "rows")),
    "labelled": Figure("rows with a true class", ("rows", "labelled")),
    "label_coverage": Figure("their share", ("rows", "label_coverage")),
    "refusals": Figure("rows that the candidate refuses", ("refusals", "rows")),
    "refusals_share": Figure("their share", ("refusals", "share")),
    "refusals_gone": Figure(
        "predictions that were refused as jobs, and are answered",
        ("refusals", "former", "answered"),
    ),
    "answers": Figure("answers that change", ("changes", "answers")),
    "answers_share": Figure("their share of the rows answered", ("changes", "answers_share")),
    "decisions": Figure("decisions that change", ("changes", "decisions")),
    "decisions_share": Figure("their share of the rows answered", ("changes", "decisions_share")),
    "mean_difference": Figure(
        "by how much the candidate's probabilities are higher in the mean",
        ("changes", "difference", "mean"),
    ),
    "mean_absolute_difference": Figure(
        "the mean of the differences without their sign", ("changes", "difference", "mean_absolute")
    ),
    "largest_difference": Figure(
        "the largest of these", ("changes", "difference", "largest_absolute")
    ),
    "auc": Figure("AUC of the candidate", ("quality", "auc", "candidate", "area")),
    "auc_drop": Figure(
        "AUC of the stored answers less the candidate's", ("quality", "auc", "drop")
    ),
    "auc_drop_low": Figure(
        "the lower end of its 95 % interval: above 0, the drop is no accident",
        ("quality", "auc", "drop_interval", 0),
    ),
    "auc_p_value": Figure("the p-value of the drop", ("quality", "auc", "p_value")),
    "brier": Figure("Brier score of the candidate", ("quality", "brier", "candidate")),
    "brier_rise": Figure(
        "the candidate's Brier score less that of the stored answers", ("quality", "brier", "rise")
    ),
    "calibration_error": Figure(
        "expected calibration error of the candidate",
        ("quality", "candidate", "calibration_error"),
    ),
    "accuracy": Figure("accuracy of the candidate", ("quality", "candidate", "accuracy")),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A figure, a comparison and a number."""

    name: str
    comparison: str
    number: float
    text: str

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read a condition.

        Raises:
            ValueError: it is none, or its name is not one of `FIGURES`; with what is allowed.
        """
        match = _CONDITION.fullmatch(text)
        if match is None:
            raise ValueError(
                f"{text!r} is no condition: a name, one of {' '.join(_COMPARISONS)}, and a number, "
                'such as "auc_drop > 0.01"'
            )
        if match["name"] not in FIGURES:
            raise ValueError(f"{match['name']!r} is none of {', '.join(FIGURES)}")
        number = float(match["number"])
        return cls(match["name"], match["comparison"], number, " ".join(text.split()))

    def judge(self, found: dict[str, Any]) -> dict[str, Any]:
        """The condition, the figure, and whether it holds; that is None where there is no such
        figure, for want of labels say."""
        value = _figure(found, FIGURES[self.name].path)
        holds = None if value is None else _COMPARISONS[self.comparison](value, self.number)
        return {"condition": self.text, "value": value, "holds": holds}


def _figure(found: Any, path: tuple[str | int, ...]) -> float | None:
    for step in path:
        if isinstance(found, dict):
            found = found.get(str(step))
        elif isinstance(found, list | tuple) and isinstance(step, int):
            found = found[step]
        else:
            return None
    return found if isinstance(found, int | float) else None
