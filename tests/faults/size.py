"""How much of everything: the whole matrix, and the short half of it that `make test` runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.faults.patience import BACK_WITHIN


@dataclass(frozen=True, slots=True)
class Size:
    """Numbers of things, and seconds."""

    clients: int
    pause: float  # seconds that a client waits at most before its next request
    warm: int  # answers under load before a fault, and again after its recovery
    outage: float  # seconds for which a server is stopped or frozen
    locked: float  # seconds for which a table is locked while a few jobs want it
    restart: float  # seconds for which a killed server stays away
    kills: int  # times that something is killed or emptied
    jobs: int  # queued when Redis is emptied
    pairs: int  # of a prediction and an update, or of two updates
    duplicates: int  # ids that are sent through two gateways at once
    rounds: int  # groups with a poison row in them
    leavers: int
    deadline: float  # seconds until everything must have recovered


FULL = Size(
    clients=12, pause=0.1, warm=300, outage=20.0, locked=60.0, restart=5.0, kills=2,
    jobs=10_000, pairs=1000, duplicates=300, rounds=12, leavers=200, deadline=BACK_WITHIN,
)  # fmt: skip

QUICK = Size(
    clients=5, pause=0.2, warm=30, outage=3.0, locked=3.0, restart=1.0, kills=1,
    jobs=1000, pairs=100, duplicates=40, rounds=4, leavers=40, deadline=45.0,
)  # fmt: skip

# Under a soak one fault follows the other, so none of them lasts long.
SOAK = replace(FULL, warm=100, outage=6.0, restart=2.0, kills=1)
