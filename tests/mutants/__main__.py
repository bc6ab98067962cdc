"""`make mutants`: plant one bug after the other, and list those that no test noticed."""

from __future__ import annotations

import argparse
import queue
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant
from tests.mutants.planting import Copy, Verdict


def main() -> int:
    """Try the bugs; 1 when one survived, or could not be tried, and 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", metavar="NAME,…", help="these bugs, or all of these files")
    parser.add_argument(
        "--at-once", type=int, default=2, metavar="N", help="so many at a time (default: 2)"
    )
    parser.add_argument("--list", action="store_true", help="name the bugs")
    chosen = parser.parse_args()
    mutants = select(chosen.only)
    if not mutants:
        parser.error(f"there is no bug {chosen.only}")
    if chosen.list:
        for one in mutants:
            _say(f"{one.name:<40} {one.file:<36} {one.harm}")
        return 0
    try:
        return _try_all(mutants, chosen.at_once)
    except KeyboardInterrupt:
        _say("stopped")
        return 130


def select(only: str | None) -> list[Mutant]:
    """The bugs of these names, or in these files; all, when nothing is said."""
    if only is None:
        return list(MUTANTS)
    wanted = {name.strip() for name in only.split(",")}
    return [one for one in MUTANTS if wanted & {one.name, one.file}]


def _try_all(mutants: Sequence[Mutant], at_once: int) -> int:
    began = time.monotonic()
    bad: list[str] = []
    sound: set[tuple[str, ...]] = set()
    with tempfile.TemporaryDirectory(prefix="queuecast-mutants-") as folder:
        copies = [Copy(Path(folder) / f"copy {n}", sound) for n in range(1, at_once + 1)]
        for place, (one, verdict, said) in enumerate(_tried(mutants, copies), 1):
            left = (time.monotonic() - began) / place * (len(mutants) - place)
            _say(
                f"[{place:>3}/{len(mutants)}] {verdict:<8} {one.name:<40} {left / 60:4.0f} min left"
            )
            if verdict is not Verdict.NOTICED:
                bad.append(f"{verdict}: {one.name} in {one.file}: {one.harm} ({said})")
    _say(f"{len(mutants) - len(bad)} of {len(mutants)} bugs were noticed in "
         f"{(time.monotonic() - began) / 60:.0f} min")  # fmt: skip
    for line in bad:
        _say(line)
    return 1 if bad else 0


def _tried(
    mutants: Sequence[Mutant], copies: Sequence[Copy]
) -> Iterator[tuple[Mutant, Verdict, str]]:
    """What came of each bug, as it is known; each copy tries one at a time."""
    idle: queue.SimpleQueue[Copy] = queue.SimpleQueue()
    for copy in copies:
        idle.put(copy)

    def try_out(one: Mutant) -> tuple[Mutant, Verdict, str]:
        copy = idle.get()
        try:
            return one, *copy.try_out(one)
        finally:
            idle.put(copy)

    with ThreadPoolExecutor(len(copies)) as pool:
        try:
            for done in as_completed([pool.submit(try_out, one) for one in mutants]):
                yield done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for copy in copies:
                copy.stop()
            raise


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
