"""The tables of a replay, the same on the terminal and on the page: their heads, and their rows as
texts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from worker.replay.figures import NOTHING, decimal, label, p_value, percent, signed, span

_WHO = ("stored", "candidate")


@dataclass(frozen=True, slots=True)
class Table:
    """A title, a head for each column, and rows of as many texts."""

    title: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def tables(found: dict[str, Any]) -> Iterator[Table]:
    """All tables that have rows."""
    for table in (
        _difference(found), _largest(found), _reasons(found), _former(found), _warnings(found),
        _quality(found),
        *_segments(found), _versions(found), _conditions(found),
    ):  # fmt: skip
        if table.rows:
            yield table


def is_text(cells: Sequence[str]) -> bool:
    """Whether a column is one of texts, which begin at the same place, rather than of figures,
    which end there."""
    return not any(cell[:1].isdigit() or cell[:1] in ("+", "-", "<", ">") for cell in cells)


def _difference(found: dict[str, Any]) -> Table:
    difference = found["changes"]["difference"]
    heads, row = [], []
    for share, quantile in [] if difference is None else difference["quantiles"]:
        heads.append(f"{share:.0%}")
        row.append(signed(quantile))
    title = "Differences, candidate less stored: so many of the rows are below"
    return Table(title, tuple(heads), [tuple(row)] if row else [])


def _largest(found: dict[str, Any]) -> Table:
    rows = [
        (
            label(each["id"]), decimal(each["stored"]), decimal(each["candidate"]),
            signed(each["difference"]),
        )
        for each in found["changes"]["largest"]
    ]  # fmt: skip
    return Table("Largest differences", ("id", "stored", "candidate", "difference"), rows)


def _reasons(found: dict[str, Any]) -> Table:
    rows = [
        (f"{each['rows']:,}", label(each["id"]), each["reason"])
        for each in found["refusals"]["reasons"]
    ]
    return Table("New refusals", ("rows", "first id", "reason"), rows)


def _former(found: dict[str, Any]) -> Table:
    rows = [
        (label(each["id"]), decimal(each["candidate"]), each["reason"])
        for each in found["refusals"]["former"]["listed"]
    ]
    return Table("Refusals that are gone", ("id", "candidate", "refused, as"), rows)


def _warnings(found: dict[str, Any]) -> Table:
    rows = [(f"{each['rows']:,}", each["warning"]) for each in found["warnings"]]
    return Table("The candidate warns", ("rows", "warning"), rows)


def _quality(found: dict[str, Any]) -> Table:
    quality = found["quality"]
    heads = ("", "stored", "candidate", "change", "its 95 % interval", "p")
    if quality["too_few"] is not None:
        return Table("Quality", heads, [])
    auc, brier = quality["auc"], quality["brier"]
    rise = signed(-auc["drop"] + 0.0)
    low, high = auc["drop_interval"]
    areas = _both(*(auc[who]["area"] for who in _WHO))
    rows = [
        ("AUC", *areas, rise, span((-high, -low)), p_value(auc["p_value"])),
        ("its 95 % interval", *(span(auc[who]["interval"]) for who in _WHO), "", "", ""),
        (
            "Brier score", *_both(brier["stored"], brier["candidate"]), signed(brier["rise"]),
            span(brier["rise_interval"]), "",
        ),
        _plain("calibration error", quality, "calibration_error"),
        _plain(f"accuracy at {found['threshold']:g}", quality, "accuracy"),
    ]  # fmt: skip
    return Table("Quality, where the true class is known", heads, rows)


def _both(stored: float, candidate: float) -> tuple[str, str]:
    return decimal(stored), decimal(candidate)


def _plain(name: str, quality: dict[str, Any], key: str) -> tuple[str, ...]:
    stored, candidate = (quality[who][key] for who in _WHO)
    return (name, *_both(stored, candidate), signed(candidate - stored), "", "")


_PART_HEADS = (
    "rows", "refused", "decisions changed", "mean difference", "labelled", "AUC stored",
    "candidate", "change", "p",
)  # fmt: skip


def _segments(found: dict[str, Any]) -> Iterator[Table]:
    for name, parts in found["segments"].items():
        rows = [(each["segment"], *_part(each)) for each in parts]
        yield Table(f"By {name}", (name, *_PART_HEADS), rows)


def _versions(found: dict[str, Any]) -> Table:
    rows = [
        ("not known" if each["version"] is None else each["version"], *_part(each))
        for each in found["versions"]
    ]
    return Table("By the version that answered", ("version", *_PART_HEADS), rows)


def _part(each: dict[str, Any]) -> tuple[str, ...]:
    auc = each["auc"]
    if auc["too_few"] is None:
        both = _both(*(auc[who]["area"] for who in _WHO))
        areas = (*both, signed(-auc["drop"] + 0.0), p_value(auc["p_value"]))
    else:
        areas = ("too few labels", NOTHING, NOTHING, NOTHING)
    return (
        f"{each['rows']:,}", f"{each['refusals']:,}", f"{each['decisions']:,}",
        signed(each["mean_difference"]), percent(each["label_coverage"]), *areas,
    )  # fmt: skip


def _conditions(found: dict[str, Any]) -> Table:
    said = {True: "holds", False: "does not hold", None: "cannot be judged"}
    rows = [
        (
            each["condition"],
            NOTHING if each["value"] is None else f"{each['value']:.6g}",
            said[each["holds"]],
        )
        for each in found["conditions"]
    ]
    return Table("Conditions", ("condition", "figure", ""), rows)
