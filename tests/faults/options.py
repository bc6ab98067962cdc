"""The command line."""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.settings import CHECKOUT
from tests.faults.catalogue import ON_SQLITE, SCENARIOS


@dataclass(frozen=True)
class Options:
    """What to run, and where to write."""

    seed: int
    names: tuple[str, ...]
    sqlite: bool
    list_only: bool
    quick: bool
    soak: float | None
    output: Path


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line; with a wrong one, say so and exit."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults",
        description="Make every fault happen to real processes, and account for every request.",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="decides the plan (default: random)")
    parser.add_argument("--only", type=_names, metavar="NAME,…", help="these scenarios only")
    parser.add_argument("--sqlite", action="store_true", help="on SQLite what makes sense there")
    parser.add_argument("--list", action="store_true", help="name the scenarios")
    parser.add_argument("--quick", action="store_true", help="at the size of `make test`")
    parser.add_argument(
        "--soak", type=float, metavar="MINUTES", help="random faults for so long instead"
    )
    parser.add_argument(
        "--output", type=Path, metavar="DIR", default=CHECKOUT / "var" / "faults",
        help="where the results and the logs go (default: var/faults)",
    )  # fmt: skip
    found = parser.parse_args(arguments)
    possible = ON_SQLITE if found.sqlite else SCENARIOS
    if found.sqlite and found.soak is not None:
        parser.error("a soak is on PostgreSQL")
    others = [name for name in found.only or () if name not in possible]
    if others:
        parser.error(f"not on SQLite: {', '.join(others)}")
    return Options(
        seed=random.randrange(10**6) if found.seed is None else found.seed,
        names=found.only or tuple(possible),
        sqlite=found.sqlite,
        list_only=found.list,
        quick=found.quick,
        soak=found.soak,
        output=found.output,
    )


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown or not names:
        raise argparse.ArgumentTypeError(f"no scenario is named {', '.join(unknown) or 'nothing'}")
    return names
