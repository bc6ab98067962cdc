"""What was found out about a model, for people. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

_MEGABYTE = 1e6
# It holds the libraries, and shares most of them with the others (`worker.generations`).
_OWN_PROCESS = 30 * _MEGABYTE
# Sizes of small machines, in megabytes.
_MACHINES = (512, 1024)
_GROUP = 512


def report(found: dict[str, Any]) -> str:
    """Lines, the last of which is the verdict."""
    return "".join(f"{line}\n" for line in _lines(found))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield found["folder"]
    if found.get("imports"):
        yield f"imports    {_imports(found['imports'])}"
    if found.get("imports_cut"):
        yield f"imports    are more than these, or others: {found['imports_cut']}"
    for note in found.get("notes", ()):
        yield f"note       {note}"
    if "refused" in found:
        yield f"refused    {found['refused']}"
        return
    classes = f", classes {found['classes']}" if found["classes"] else ""
    yield f"model      version {found['version']}, {found['kind']}{classes}"
    yield f"columns    {', '.join(found['columns'])}"
    rows = found["golden_rows"]
    how = "row by row, as answers depend on company" if found["row_by_row"] else "in groups"
    tried = f"{rows} golden rows and made-up ones" if rows else "made-up rows; there is no manifest"
    yield f"answers    {tried}, alone, together and shuffled: scored {how}"
    for gap in found["gaps"]:
        yield f"gap        {gap}"
    if "milliseconds_alone" in found:
        group = found["milliseconds_of_group"]
        yield (
            f"speed      {found['milliseconds_alone']:.1f} ms for one row, {group:.1f} ms for "
            f"{_GROUP}, {1000 * group / _GROUP:.0f} µs each"
        )
    yield from _memory(found)
    yield "serves     yes"


def _imports(names: list[str]) -> str:
    packages = Counter(name.split(".")[0] for name in names)
    return ", ".join(f"{name} ({count})" for name, count in packages.most_common())


def _memory(found: dict[str, Any]) -> Iterator[str]:
    child, parent = found["child"], found["parent"]
    if child is None:
        return
    own = child / _MEGABYTE
    if parent is None:
        yield f"memory     {own:.0f} MB for each process: it makes threads, so none is shared"
    else:
        yield f"memory     {parent / _MEGABYTE:.0f} MB, and {own:.0f} MB more for each process"
    fits = (f"{processes_in(machine, found)} in {machine} MB" for machine in _MACHINES)
    yield f"processes  {', '.join(fits)} (WORKER_PROCESSES)"


def processes_in(machine: int, found: dict[str, Any]) -> int:
    """How many processes fit into so many megabytes, beside the parent of these, and the worker's
    own process."""
    free = machine * _MEGABYTE - _OWN_PROCESS - (found["parent"] or 0)
    return max(0, int(free // max(1, found["child"])))
