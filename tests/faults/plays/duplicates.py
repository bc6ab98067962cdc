"""The same ids at the same moment, through two gateways."""

from __future__ import annotations

from tests.faults.record import Record
from tests.faults.scenario import Scenario
from tests.faults.stage import Stage

# Requests with one id: half through each gateway, each of another passenger.
SAME_ID = 4


def play(stage: Stage) -> None:
    """One row and one winner an id; that everybody is told the same is for the account."""
    asks = []
    for number in range(stage.size.duplicates):
        twin = f"{stage.ids.name} twin {number}"
        asks += [stage.predict(twin, respond_async=how == 3) for how in range(SAME_ID)]
    # So many clients that every request with one id is under way while the others are.
    found: list[Record] = stage.send(asks, clients=2 * SAME_ID)
    assert len(found) == len(asks)
    met = [key for key, same in _by_key(found).items() if _met(same)]
    assert len(met) > len(asks) / SAME_ID / 2, f"only {len(met)} ids met themselves"
    stage.shown.append(f"{len(met)} ids were under way through two gateways at once")
    stage.recovered()


def _by_key(records: list[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record.ask.key, []).append(record)
    return found


def _met(records: list[Record]) -> bool:
    """Whether two of these were under way at one moment, through different gateways."""
    return any(
        one.gateway != other.gateway and other.under_way_at(one.sent_at)
        for one in records
        for other in records
    )


SCENARIO = Scenario(
    "duplicates", "the same ids sent at once through two gateways", play, gateways=2
)
