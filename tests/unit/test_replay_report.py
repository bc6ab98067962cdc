"""How a replay is told: on a terminal, and as one HTML file."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.unit.replays import collected, found_of, made_up
from worker.replay.figures import count, label, percent, signed, span
from worker.replay.page import page
from worker.replay.progress import Progress
from worker.replay.terminal import text

FOUND = found_of(collected(made_up()))
REFUSED = found_of(collected([(0.5, None, 1, None)] * 4, version=None))


class Reader(HTMLParser):
    """Sees to it that every element is closed, in order, and keeps what is asked of them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += attributes
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += attributes

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(document: str) -> Reader:
    reader = Reader()
    reader.feed(document)
    reader.close()
    assert not reader.open
    return reader


@pytest.mark.parametrize("found", [FOUND, REFUSED], ids=["judged", "all refused"])
def test_the_page_is_whole_by_itself(found: dict[str, Any]) -> None:
    """It opens: each element is closed. It has no script, and nothing is fetched from anywhere."""
    document = page(found)
    reader = read(document)
    assert "script" not in reader.seen and "link" not in reader.seen and "img" not in reader.seen
    assert not {"src", "href", "onload", "style"} & {name for name, _ in reader.attributes}
    assert "://" not in document and "url(" not in document and "@import" not in document
    assert "default-src 'none'" in document
    assert "prefers-color-scheme: dark" in document


def test_plots() -> None:
    """Four, each of which is SVG that can be read, with a name and with something in it."""
    plots = re.findall(r"<svg.*?</svg>", page(FOUND), re.DOTALL)
    names = [ET.fromstring(plot).get("aria-label") for plot in plots]
    assert names == [
        "Differences", "Calibration", "ROC curves", "Probabilities of the candidate, by true class"
    ]  # fmt: skip
    for plot in plots:
        root = ET.fromstring(plot)
        marks = [each for each in root if each.tag in ("rect", "polyline")]
        assert len(marks) >= 2
        for each in root.iter():
            for name in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy"):
                assert -1 <= float(each.get(name, 0)) <= 421, each.attrib
    assert plots[0].count("<rect") >= 10
    assert plots[1].count('<circle class="stored"') == len(
        FOUND["quality"]["stored"]["calibration"]
    )


def test_what_clients_sent_is_text() -> None:
    """Ids, classes, reasons and folders may hold anything."""
    document = page(FOUND)
    for tag in ("<b>", "<i>", "<s>", "<u>"):
        assert tag not in document
    assert "&lt;i&gt;" in document and "y is &lt;b&gt;: unknown" in document


@pytest.mark.parametrize("found", [FOUND, REFUSED], ids=["judged", "all refused"])
def test_the_terminal_says_the_same(found: dict[str, Any]) -> None:
    """Sentences and titles of tables are those of the page."""
    told = text(found)
    for line in told.splitlines():
        assert line == line.rstrip()
    titles = re.findall(r"<h2>(.*?)</h2>", page(found))
    assert titles and all(
        title.replace("&lt;", "<").replace("&gt;", ">") in told for title in titles
    )
    if found is FOUND:
        assert "400 rows that 1 version of the model answered from 2026-11-23 11:04" in told
        assert re.search(rf"AUC +{found['quality']['auc']['stored']['area']:.4f} ", told)
    else:
        assert "4 rows (100.0%) that were answered are refused" in told
        assert "too few labels: 0 of the positive class" in told


def test_columns_stand_under_their_heads() -> None:
    lines = text(FOUND).splitlines()
    at = lines.index("By part")
    heads, *rows = lines[at + 1 : at + 4]
    place = heads.index("labelled") + len("labelled")
    assert {row[place - 1] for row in rows} == {"%"}


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (count(1, "row"), "1 row"), (count(2000, "row"), "2,000 rows"), (percent(0), "0.0%"),
        (percent(0.0001), "<0.1%"), (percent(0.9999), ">99.9%"), (percent(1), "100.0%"),
        (signed(-0.00001), "0.0000"), (signed(0.5), "+0.5000"),
        (span((0.1, 0.2)), "0.1000 to 0.2000"),
        (span((-0.1, 0.2)), "-0.1000 to +0.2000"), (label(True), "true"), (label(0), "0"),
    ],
)  # fmt: skip
def test_figures(written: str, text: str) -> None:
    assert written == text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_on_a_terminal() -> None:
    """A bar that fills, not drawn for every batch, and taken away at the end."""
    seconds = iter([0.0, 0.05, 10.0, 10.05, 20.0])
    terminal = Terminal()
    progress = Progress(terminal, 400, lambda: next(seconds))
    for _ in range(4):
        progress.add(100)
    drawn = terminal.getvalue().split("\r")[1:]
    assert len(drawn) == 2
    assert " 50%  200 rows, 10 s left" in drawn[0]
    assert drawn[0].count("█") == 15
    assert "100%  400 rows, 0 s left" in drawn[1]
    progress.clear()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_no_progress_without_a_terminal() -> None:
    stream = io.StringIO()
    progress = Progress(stream, 4)
    progress.add(4)
    progress.clear()
    assert stream.getvalue() == ""
