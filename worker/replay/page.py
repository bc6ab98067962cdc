"""A replay as one HTML file: no script, no other file, nothing from anywhere. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from worker.replay.figures import label
from worker.replay.plots import Point, curves, histogram
from worker.replay.style_sheet import STYLE_SHEET
from worker.replay.summary import summary
from worker.replay.tables import Table, is_text, tables

# Whatever an observation holds, the browser loads nothing and runs nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(found: dict[str, Any]) -> str:
    """The document."""
    return "".join(f"{line}\n" for line in _lines(found))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>Replay of {escape(found['candidate']['version'])}</title>"
    yield f"<style>{STYLE_SHEET}</style>\n</head>\n<body>"
    yield "<h1>What a candidate says of stored observations</h1>\n<dl>"
    for title, said in summary(found):
        yield f"<dt>{escape(title)}</dt><dd>{escape(said)}</dd>"
    yield '</dl>\n<div class="plots">'
    for title, plot in _plots(found):
        yield f"<figure><figcaption>{escape(title)}</figcaption>{plot}</figure>"
    yield "</div>"
    for table in tables(found):
        yield f'<h2>{escape(table.title)}</h2>\n<div class="table">'
        yield from _table(table)
        yield "</div>"
    yield "</body>\n</html>"


def _plots(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    spread = found["changes"]["histogram"]
    if spread is not None:
        title = "Differences"
        counts = [("rows", "candidate", spread["counts"])]
        yield title, histogram(title, spread["edges"], counts, "candidate less stored")
    quality = found["quality"]
    if quality["too_few"] is not None:
        return
    lines = [(who, who, _calibration(quality[who])) for who in ("stored", "candidate")]
    titles = ("probability that was given", "share of the positive class")
    yield "Calibration", curves("Calibration", lines, titles, dots=True)
    lines = [(who, who, quality[who]["roc"]) for who in ("stored", "candidate")]
    titles = ("share of the negative class", "share of the positive class")
    yield "ROC curves", curves("ROC curves", lines, titles)
    scores = quality["candidate"]["scores"]
    title = "Probabilities of the candidate, by true class"
    candidate = found["candidate"]
    counts = [
        (label(candidate["classes"][0]), "stored", scores["negative"]),
        (label(candidate["positive_class"]), "candidate", scores["positive"]),
    ]
    yield title, histogram(title, scores["edges"], counts, "probability")


def _calibration(of_one: dict[str, Any]) -> list[Point]:
    return [(each["mean"], each["share"]) for each in of_one["calibration"]]


def _table(table: Table) -> Iterator[str]:
    styles = [' class="text"' if is_text(c) else "" for c in zip(*table.rows, strict=True)]
    yield f"<table>\n<thead><tr>{_cells('th', table.heads, styles)}</tr></thead>\n<tbody>"
    for row in table.rows:
        yield f"<tr>{_cells('td', row, styles)}</tr>"
    yield "</tbody>\n</table>"


def _cells(tag: str, texts: tuple[str, ...], styles: list[str]) -> str:
    pairs = zip(texts, styles, strict=True)
    return "".join(f"<{tag}{style}>{escape(text)}</{tag}>" for text, style in pairs)
