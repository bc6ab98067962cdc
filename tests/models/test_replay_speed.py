"""A hundred thousand stored rows are replayed within half a minute on two cores."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from shared.settings import CHECKOUT
from tests.integration.stored_titanic import Passenger, opened, store
from tests.system import INHERITED

TIMES, SECONDS = 240, 30.0
_AGAIN = text(
    "INSERT INTO prediction (observation_id, observation, proba, true_class,"
    " observation_id_is_text, model_version, predicted_at)"
    " SELECT 'row ' || n || ' of ' || id, observation, proba, true_class, true, model_version,"
    " predicted_at FROM prediction, generate_series(2, :times) AS n"
)


def test_a_hundred_thousand_rows(
    new_database_url: Callable[[str], str], artifacts: Path, stream_passengers: list[Passenger]
) -> None:
    """As the command itself says, with all that it finds: the areas are those of the rows once."""
    url = new_database_url("postgres")
    store(url, stream_passengers, [(7 * n % 100) / 100 for n, _, _ in stream_passengers])
    once = _replayed(url, artifacts)
    database = opened(url)
    database.write(lambda c: c.execute(_AGAIN, {"times": TIMES}))
    database.close()
    found = _replayed(url, artifacts)
    assert found["rows"]["rows"] == TIMES * len(stream_passengers) > 100_000
    assert found["seconds"] < SECONDS
    for who in ("stored", "candidate"):
        areas = [each["quality"]["auc"][who]["area"] for each in (once, found)]
        assert areas[1] == pytest.approx(areas[0], abs=1e-12)


def _replayed(url: str, artifacts: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "worker.replay", str(artifacts), "--segment", "Sex", "--json",
         "--processes", "2"],
        cwd=CHECKOUT, env={**INHERITED, "DATABASE_URL": url}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found
