"""What a replay has found in a few sentences, the same on the terminal and on the page. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from worker.replay.figures import count, decimal, label, percent, signed


def summary(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Titles and what is to be said under each."""
    candidate, rows, changes = found["candidate"], found["rows"], found["changes"]
    classes = ", ".join(map(label, candidate["classes"]))
    by_row = "; scored row by row, as answers depend on company" if candidate["row_by_row"] else ""
    yield (
        "candidate",
        f"{found['folder']}, version {candidate['version']}, classes {classes}{by_row}",
    )
    versions = count(len(found["versions"]), "version")
    yield (
        "rows",
        f"{count(rows['rows'], 'row')} that {versions} of the model answered"
        f"{_times(found)}, replayed in {found['seconds']:.1f} s",
    )
    answered = changes["answered"]
    yield (
        "answers",
        f"{changes['answers']:,} of {answered:,} change ({percent(changes['answers_share'])})"
        + _difference(changes["difference"]),
    )
    positive, negative = label(candidate["positive_class"]), label(candidate["classes"][0])
    yield (
        "decisions",
        f"{changes['decisions']:,} change at {found['threshold']:g} "
        f"({percent(changes['decisions_share'])}): {changes['to_positive']:,} to {positive}, "
        f"{changes['to_negative']:,} to {negative}",
    )
    yield "refusals", _refusals(found["refusals"])
    yield "labels", _labels(found)


def _times(found: dict[str, Any]) -> str:
    earliest, latest = found["predicted"]
    if earliest is None:
        return ""
    return f" from {earliest[:16].replace('T', ' ')} to {latest[:16].replace('T', ' ')}"


def _difference(difference: dict[str, Any] | None) -> str:
    if difference is None:
        return ""
    return (
        f": by {signed(difference['mean'])} in the mean, "
        f"{decimal(difference['mean_absolute'])} without the sign, "
        f"{decimal(difference['largest_absolute'])} at most"
    )


def _refusals(refusals: dict[str, Any]) -> str:
    said = (
        f"{refusals['rows']:,} rows ({percent(refusals['share'])}) that were answered are refused"
    )
    former = refusals["former"]
    if former["asked"]:
        jobs = count(former["asked"], "job")
        said += f"; of {jobs} that ended refused, {former['answered']:,} are answered"
    return said


def _labels(found: dict[str, Any]) -> str:
    rows, quality = found["rows"], found["quality"]
    said = f"{rows['labelled']:,} rows ({percent(rows['label_coverage'])}) have a true class"
    if quality["other_classes"]:
        said += f", {quality['other_classes']:,} of them one that the candidate does not know"
    if quality["too_few"] is not None:
        return f"{said}; {quality['too_few']}"
    positive = label(found["candidate"]["positive_class"])
    return f"{said}; {quality['rows']:,} are judged by, {quality['positive']:,} of them {positive}"
