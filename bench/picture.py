"""A run's table as a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl

from bench.table import Row

# No window is opened, and none could be on a server. Before pyplot is imported.
mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

# Told apart by readers with any colour vision (Okabe and Ito, 2008).
COLOURS = ("#999999", "#E69F00", "#0072B2", "#56B4E9", "#009E73", "#CC79A7", "#D55E00")
GROUP_WIDTH = 0.86


def draw(rows: Sequence[Row], about: str, path: Path) -> None:
    """Requests/s and the median latency of each contender by number of clients."""
    names = list(dict.fromkeys(row.contender for row in rows))
    width = max(9.0, 3.0 + 0.32 * len(rows))
    figure, (rates, waits) = plt.subplots(2, 1, figsize=(width, 9), layout="constrained")
    _bars(rates, rows, names, lambda row: row.rate.median)
    rates.set_title("Requests answered in a second, more is better (log scale)", loc="left")
    rates.set_ylabel("requests/s")
    handles, labels = rates.get_legend_handles_labels()
    _bars(waits, rows, names, lambda row: row.p50_ms.median)
    waits.set_title("Median latency, less is better (log scale)", loc="left")
    waits.set_ylabel("p50, ms")
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    figure.suptitle(about, fontsize=9, color="#555555")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _bars(
    axes: Axes, rows: Sequence[Row], names: Sequence[str], value: Callable[[Row], float]
) -> None:
    """A group of bars for each number of clients, a bar for each contender."""
    clients = sorted({row.clients for row in rows})
    width = GROUP_WIDTH / len(names)
    for position, name in enumerate(names):
        # Nothing answered is nothing to draw on a logarithmic axis.
        mine = [row for row in rows if row.contender == name and value(row) > 0]
        offset = (position - (len(names) - 1) / 2) * width
        bars = axes.bar(
            [clients.index(row.clients) + offset for row in mine],
            [value(row) for row in mine],
            width=width * 0.92,
            label=name,
            color=COLOURS[position % len(COLOURS)],
        )
        axes.bar_label(bars, [_short(value(row)) for row in mine], padding=2, fontsize=8)
    axes.set_yscale("log")
    smallest = min((value(row) for row in rows if value(row) > 0), default=1.0)
    axes.set_ylim(bottom=smallest / 3)
    axes.margins(y=0.12)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xticks(range(len(clients)), [_clients(number) for number in clients])
    axes.tick_params(axis="x", length=0)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}"


def _clients(number: int) -> str:
    return "1 client" if number == 1 else f"{number} clients"
