"""Results as a picture: how long everything took to be whole again, and the slowest answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

from tests.faults.result import Result

# No window is opened, and none could be on a server. Before pyplot is imported.
mpl.use("Agg")

from matplotlib import pyplot as plt

# Told apart by readers with any colour vision (Okabe and Ito, 2008).
RECOVERY, SLOWEST, BROKEN = "#0072B2", "#E69F00", "#D55E00"
_HEIGHT = 0.4


def draw(results: Sequence[Result], about: str, path: Path) -> None:
    """Two bars for each scenario; names of those that broke a promise stand out."""
    shown = list(results)[::-1]
    figure, axes = plt.subplots(figsize=(9, 1.6 + 0.42 * len(shown)), layout="constrained")
    places = range(len(shown))
    axes.barh(
        [place + _HEIGHT / 2 for place in places],
        [result.recovery or 0.0 for result in shown],
        _HEIGHT, color=RECOVERY, label="recovery, from the parts being back",
    )  # fmt: skip
    axes.barh(
        [place - _HEIGHT / 2 for place in places],
        [result.slowest for result in shown],
        _HEIGHT, color=SLOWEST, label="slowest answer",
    )  # fmt: skip
    axes.set_yticks(places, [f"{result.name}, {result.sent:,} requests" for result in shown])
    for label, result in zip(axes.get_yticklabels(), shown, strict=True):
        label.set_color("black" if result.passed else BROKEN)
    axes.set_xlabel("seconds")
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    figure.suptitle(about, fontsize=10)
    figure.savefig(path, dpi=110)
    plt.close(figure)
