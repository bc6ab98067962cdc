"""One observation, one answer: the same bits through every way in."""

from __future__ import annotations

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.batches import CSV, ended, rows_of, send
from tests.conftest import FEATURES
from tests.system import System

Passengers = list[tuple[int, dict[str, Any], int]]
# How many ask at once.
ASKING = 32


def test_every_passenger_through_every_door(
    attacked: System, training_passengers: Passengers, stream_passengers: Passengers
) -> None:
    """/predict, respond-async, a line of NDJSON and a record of a CSV."""
    client = attacked.client
    passengers = [(number, seen) for number, seen, _ in training_passengers + stream_passengers]
    assert len(passengers) == 1309

    def predict(passenger: tuple[int, dict[str, Any]]) -> float:
        number, observation = passenger
        answer = client.predict(f"predict {number}", observation)
        assert answer.status == 200, answer
        proba: float = answer.json["proba"]
        return proba

    def promise(passenger: tuple[int, dict[str, Any]]) -> str:
        number, observation = passenger
        job_id: str = client.predict(f"async {number}", observation, "respond-async").json["job_id"]
        return job_id

    with ThreadPoolExecutor(ASKING) as pool:
        expected = list(pool.map(predict, passengers))
        jobs = list(pool.map(promise, passengers))
        results = [client.ended(job_id, 60)["result"] for job_id in jobs]
    assert [result["proba"] for result in results] == expected

    lines = [json.dumps({"id": f"line {n}", "observation": seen}) for n, seen in passengers]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", *FEATURES])
    for number, seen in passengers:
        writer.writerow([f"record {number}", *(seen[name] for name in FEATURES)])
    for body, kind in (("\n".join(lines), "application/x-ndjson"), (text.getvalue(), CSV)):
        accepted = send(client, body.encode(), kind=kind)
        assert accepted.status == 202, accepted
        batch = ended(client, accepted.json["batch_id"])
        assert batch["succeeded"] == 1309, batch
        found = rows_of(client, batch["batch_id"])
        assert [row["proba"] for row in found] == expected, kind
