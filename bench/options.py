"""The command line of the benchmark."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.arrivals import RATES
from bench.bursts import SIZES
from bench.contenders import BASELINES, PEERS
from bench.marked import PLACES
from shared.settings import CHECKOUT

STAGES = ("loads", "bursts", "arrivals", "kinds")
# How many clients ask for each kind of request.
KINDS = (64, 256)


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is asked to do; `python` makes the peers' virtual environments."""

    clients: tuple[int, ...]
    rounds: int
    seconds: int
    contenders: tuple[str, ...]
    output: Path
    processes: bool
    python: str
    bursts: tuple[int, ...]
    rates: tuple[int, ...]
    kinds: tuple[int, ...]
    command: str | None


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line; exits with a message when it cannot be understood."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Queuecast beside its baselines: same machine, same pipeline, in turn.",
    )
    parser.add_argument(
        "--clients",
        type=numbers,
        default=(1, 8, 32, 256),
        metavar="N,N,…",
        help="numbers of clients (default 1,8,32,256)",
    )
    parser.add_argument("--rounds", type=number, default=3, metavar="N", help="(default 3)")
    parser.add_argument(
        "--seconds",
        type=number,
        default=4,
        metavar="N",
        help="length of each measurement (default 4)",
    )
    parser.add_argument(
        "--contenders", type=_names, metavar="NAME,…",
        help=f"of {', '.join((*BASELINES, *PEERS))}; ratios are to the first",
    )  # fmt: skip
    parser.add_argument(
        "--output",
        type=Path,
        default=CHECKOUT / "var" / "bench",
        metavar="DIR",
        help="where the results go (default var/bench)",
    )
    parser.add_argument(
        "--quick", action="store_true", help="1 round of 1 second, with 1 and 32 clients"
    )
    parser.add_argument(
        "--stages", type=_stages, default=STAGES, metavar="NAME,…",
        help=f"of {', '.join(STAGES)} (default all)",
    )  # fmt: skip
    parser.add_argument(
        "--bursts", type=numbers, default=SIZES, metavar="N,N,…",
        help=f"clients who ask once, at once (default {_list(SIZES)})",
    )  # fmt: skip
    parser.add_argument(
        "--rates", type=numbers, default=RATES, metavar="N,N,…",
        help=f"open arrivals in a second (default {_list(RATES)})",
    )  # fmt: skip
    parser.add_argument(
        "--kinds", type=numbers, default=KINDS, metavar="N,N,…",
        help=f"clients of /update and Prefer: wait=10 beside /predict (default {_list(KINDS)})",
    )  # fmt: skip
    parser.add_argument(
        "--write", choices=PLACES, metavar="COMMAND",
        help=f"write the tables into the documents, as what this command gave: {', '.join(PLACES)}",
    )  # fmt: skip
    parser.add_argument("--peers", action="store_true", help=f"add {', '.join(PEERS)}")
    parser.add_argument(
        "--processes", action="store_true", help="show the memory of Queuecast's processes"
    )
    parser.add_argument(
        "--python", default=sys.executable, help="makes the peers' virtual environments"
    )
    read = parser.parse_args(arguments)
    chosen = read.contenders or tuple(BASELINES)
    if read.peers:
        chosen = tuple(dict.fromkeys((*chosen, *PEERS)))
    if read.quick:
        read.clients, read.rounds, read.seconds = (1, 32), 1, 1
        read.bursts, read.rates, read.kinds = (8,), (40,), (64,)
    return Options(
        read.clients if "loads" in read.stages else (),
        read.rounds, read.seconds, chosen, read.output.resolve(), read.processes, read.python,
        read.bursts if "bursts" in read.stages else (),
        read.rates if "arrivals" in read.stages else (),
        read.kinds if "kinds" in read.stages else (),
        read.write,
    )  # fmt: skip


def number(text: str) -> int:
    """A whole number above 0; argparse shows what it raises."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def numbers(text: str) -> tuple[int, ...]:
    """Some of them, with commas between; in order."""
    return tuple(sorted({number(part.strip()) for part in text.split(",")}))


def _list(found: Sequence[int]) -> str:
    return ",".join(map(str, found))


def _stages(text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(","))
    strangers = [name for name in names if name not in STAGES]
    if strangers:
        raise argparse.ArgumentTypeError(f"there is no stage {', '.join(strangers)}")
    return names


def _names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    strangers = [name for name in names if name not in (*BASELINES, *PEERS)]
    if strangers:
        raise argparse.ArgumentTypeError(f"there is no contender {', '.join(strangers)}")
    return names
