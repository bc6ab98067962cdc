"""A run's document as tables in markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bench.document import describe

Found = dict[str, Any]


def full(result: Found) -> str:
    """All tables of a run, with what they say."""
    rounds = f"over {result['rounds']} rounds" if result["rounds"] > 1 else "of one round"
    parts = [f"{describe(result)}."]
    if result["table"]:
        parts.append(
            f"Closed loops: requests a second, median (least to most {rounds}); then p50 and p99 "
            "in milliseconds. A request without a 200 counts as one that took the time-out of "
            f"{result['timeout']} s. {_checked(result)}"
        )
        parts.append(_rates(result, _rate_and_latency))
    if result["bursts"]:
        parts.append(
            "Bursts: so many clients ask once each, at once, and stay silent. Milliseconds: the "
            "median client / the slowest of a burst, each the median of all bursts (the slowest of "
            "any)."
        )
        parts.append(_grid(result, "bursts", "size", "{} at once", _burst))
    if result["arrivals"]:
        parts.append(
            "Open arrivals (Poisson), latency counted from when a request was to be sent. "
            f"Milliseconds: p50 / p99 (greatest p99 {rounds})."
        )
        parts.append(_grid(result, "arrivals", "rate", "{} a second", _arrival))
    if result["kinds"]:
        parts.append(
            "Kinds of requests on one Queuecast: requests a second and, beside a plain prediction "
            f"of the same round, the ratio: medians (least to most {rounds})."
        )
        parts.append(_kinds(result["kinds"]))
    return "\n\n".join(parts)


def short(result: Found) -> str:
    """The closed loops alone: requests a second, and for one client the p50 as well."""
    return f"{_rates(result, _rate_only)}\n\n{describe(result)}."


def _rates(result: Found, cell: Callable[[Found], str]) -> str:
    return _grid(result, "table", "clients", "{} clients", cell).replace(
        " 1 clients ", " 1 client "
    )


def _grid(result: Found, key: str, column: str, heading: str, cell: Callable[[Found], str]) -> str:
    """A line for each contender and a column for each of a field's values."""
    rows = result[key]
    columns = list(dict.fromkeys(row[column] for row in rows))
    names = list(dict.fromkeys(row["contender"] for row in rows))
    by_place = {(row["contender"], row[column]): row for row in rows}
    lines = [["", *(heading.format(value) for value in columns)]]
    for name in names:
        contender = result["contenders"][name]
        title = contender["title"] + ("" if contender["stores"] else ", which stores nothing")
        lines.append([title, *(cell(by_place[name, value]) for value in columns)])
    return _table(lines)


def _table(lines: Sequence[Sequence[str]]) -> str:
    text = ["| " + " | ".join(line) + " |" for line in lines]
    text.insert(1, "|" + "---|" * len(lines[0]))
    return "\n".join(text)


def _rate_only(row: Found) -> str:
    wait = f", {row['p50_ms']['median']:,.1f} ms" if row["clients"] == 1 else ""
    return f"{_spread(row['rate'], '{:,.0f}')}{wait}{_failed(row['errors'])}"


def _rate_and_latency(row: Found) -> str:
    p50, p99 = row["p50_ms"]["median"], row["p99_ms"]["median"]
    rate = _spread(row["rate"], "{:,.0f}")
    return f"{rate}; {p50:,.1f}, {p99:,.1f}{_failed(row['errors'])}"


def _burst(row: Found) -> str:
    slowest = row["max_ms"]
    return (
        f"{row['p50_ms']['median']:,.0f} / {slowest['median']:,.0f} ({slowest['high']:,.0f})"
        f"{_failed(row['failed'])}"
    )


def _arrival(row: Found) -> str:
    if row["p99_ms"] is None:
        return "beyond its capacity"
    p50, p99 = row["p50_ms"]["median"], row["p99_ms"]
    return f"{p50:,.0f} / {p99['median']:,.0f} ({p99['high']:,.0f}){_failed(row['failed'])}"


def _kinds(rows: Sequence[Found]) -> str:
    counts = list(dict.fromkeys(row["clients"] for row in rows))
    lines = [["", *(f"{clients} clients" for clients in counts)]]
    for name in dict.fromkeys(row["kind"] for row in rows):
        mine = {row["clients"]: row for row in rows if row["kind"] == name}
        cells = [
            f"{_spread(mine[c]['rate'], '{:,.0f}')}; {_spread(mine[c]['ratio'], '{:.2f}')}"
            f"{_failed(mine[c]['errors'])}"
            for c in counts
        ]
        lines.append([name, *cells])
    return _table(lines)


def _checked(result: Found) -> str:
    checked = sum(row["checked"] for row in result["table"])
    return f"{checked:,} answers were compared with the pipeline's own while the loads ran."


def _spread(found: Found, form: str) -> str:
    median, low, high = (form.format(found[name]) for name in ("median", "low", "high"))
    return f"{median} ({low} to {high})"


def _failed(number: int) -> str:
    return f", {number:,} failed" if number else ""
