"""POST /predict over real HTTP, through a real queue, into a real database."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
import pytest

from tests.system import FIRST_PASSENGER, FIRST_PROBA, Client, System, wait_for

Passengers = list[tuple[int, dict[str, Any], int]]


def test_first_answer_and_its_row(client: Client) -> None:
    """A 200 has the probability and is a committed row with the body as it was sent."""
    body = '{"id": "first",  "observation": ' + json.dumps(FIRST_PASSENGER) + "}"
    answer = client.post("/predict", body)
    assert answer.status == 200
    assert answer.json == {"proba": pytest.approx(FIRST_PROBA, abs=1e-12)}
    row = next(r for r in client.rows() if r["observation_id"] == "first")
    assert row["observation"] == body
    assert row["proba"] == answer.json["proba"]
    assert row["true_class"] is None
    assert list(row)[:5] == ["id", "observation_id", "observation", "proba", "true_class"]
    assert row["predicted_at"].endswith("Z")
    assert row["model_name"] == "titanic"


def test_duplicate_keeps_the_first(client: Client) -> None:
    """An id that was predicted before gets the stored probability; its row stays as it was."""
    first = client.predict("twice")
    other = {**FIRST_PASSENGER, "Sex": "female"}
    again = client.predict("twice", other)
    assert again.status == 200
    assert again.json == {
        "proba": first.json["proba"],
        "error": 'Observation ID: "twice" already exists',
    }
    rows = [r for r in client.rows() if r["observation_id"] == "twice"]
    assert len(rows) == 1
    assert '"male"' in rows[0]["observation"]


def test_ids_of_both_kinds(client: Client) -> None:
    """An integer and its text are one observation, echoed as first sent; "00" is another."""
    assert "error" not in client.predict(700).json
    assert client.predict("700").json["error"] == 'Observation ID: "700" already exists'
    assert "error" not in client.predict("0700").json
    ids = [r["observation_id"] for r in client.rows()]
    assert 700 in ids and "0700" in ids and "700" not in ids
    for extreme in (2**63 - 1, -(2**63), "x" * 255, "çà", "💧"):
        assert "error" not in client.predict(extreme).json
        assert extreme in [r["observation_id"] for r in client.rows()]


def test_unfit_observation_leaves_its_id_free(client: Client) -> None:
    """422 names the column and the value, writes nothing, and the id can be used."""
    answer = client.predict("unfit", {**FIRST_PASSENGER, "Pclass": None})
    assert answer.status == 422
    assert answer.json == {
        "error": "Pclass is missing: a column of whole numbers takes no missing value"
    }
    answer = client.predict("unfit", {**FIRST_PASSENGER, "Age": "old"})
    assert (answer.status, answer.json) == (422, {"error": "Age is 'old': must be a number"})
    assert client.predict("unfit").json == {"proba": pytest.approx(FIRST_PROBA, abs=1e-12)}


def test_unknown_keys_come_back(client: Client) -> None:
    """They do not fail the request and are not silent."""
    answer = client.predict("unknown-keys", {**FIRST_PASSENGER, "Deck": "C"})
    assert answer.status == 200
    assert answer.json["warnings"] == ["observation has a key that the model does not use: Deck"]


def test_nan_is_read_as_null(client: Client) -> None:
    """pandas clients write NaN."""
    text = json.dumps({"id": "nan", "observation": {**FIRST_PASSENGER, "Cabin": float("nan")}})
    assert "NaN" in text
    assert client.post("/predict", text).json == {"proba": pytest.approx(FIRST_PROBA, abs=1e-12)}


def test_respond_async(client: Client) -> None:
    """202 with everything that RFC 7240 clients look for; the job ends with the same answer."""
    answer = client.predict("later", prefer="respond-async")
    assert answer.status == 202
    job_id = answer.json["job_id"]
    assert answer.json == {"job_id": job_id, "status": "queued"}
    assert answer.headers["location"] == f"/jobs/{job_id}"
    assert answer.headers["preference-applied"] == "respond-async"
    assert int(answer.headers["retry-after"]) >= 1
    job = client.job(job_id, wait=10)
    assert job == {
        "job_id": job_id,
        "kind": "predict",
        "status": "succeeded",
        "submitted_at": job["submitted_at"],
        "finished_at": job["finished_at"],
        "result": {"proba": pytest.approx(FIRST_PROBA, abs=1e-12)},
        "error": None,
        "status_code": 200,
    }
    assert job["submitted_at"] <= job["finished_at"]


def test_respond_async_with_a_wait_answers_at_once_when_it_can(client: Client) -> None:
    """`respond-async, wait=N` waits N first."""
    assert client.predict("async-wait", prefer="respond-async, wait=10").status == 200


def test_failed_jobs_tell_what_the_call_would_have(client: Client) -> None:
    """A job that fails has the error's text and status."""
    unfit = {**FIRST_PASSENGER, "Pclass": "third"}
    job_id = client.predict("unfit-later", unfit, prefer="respond-async").json["job_id"]
    job = client.ended(job_id)
    assert (job["status"], job["status_code"], job["result"]) == ("failed", 422, None)
    assert job["error"] == "Pclass is 'third': must be a whole number"
    assert "error" not in client.predict("unfit-later").json


def test_duplicate_jobs_succeed_with_the_ancestors_error(client: Client) -> None:
    """What the synchronous call would have said with 200 is a success."""
    client.predict("job-duplicate")
    job_id = client.predict("job-duplicate", prefer="respond-async").json["job_id"]
    job = client.ended(job_id)
    assert (job["status"], job["status_code"]) == ("succeeded", 200)
    assert job["result"]["error"] == 'Observation ID: "job-duplicate" already exists'


def test_the_stream_is_predicted_labelled_and_listed(
    system: System, stream_passengers: Passengers
) -> None:
    """All 418, submitted in the background, updated with their true class, and listed."""
    client = system.client
    ids = [i for i, _, _ in stream_passengers]
    observations = [observation for _, observation, _ in stream_passengers]
    classes = [true_class for _, _, true_class in stream_passengers]
    with ThreadPoolExecutor(16) as pool:
        accepted = pool.map(client.predict, ids, observations, repeat("respond-async"))
        for answer in accepted:
            assert client.ended(answer.json["job_id"])["status"] == "succeeded"
        for answer, true_class in zip(pool.map(client.update, ids, classes), classes, strict=True):
            assert answer.status == 200
            assert answer.json["true_class"] == true_class
    rows = {r["observation_id"]: r for r in client.rows()}
    for i, _, true_class in stream_passengers:
        assert rows[i]["true_class"] == true_class
        assert 0 < rows[i]["proba"] < 1


def test_the_training_passengers_one_by_one_and_together(
    client: Client, training_passengers: Passengers, artifacts: Path
) -> None:
    """All 891 over HTTP: what the pipeline says of its training frame, within 1e-12."""
    data = pd.read_csv(artifacts / "data" / "titanic_train.csv")
    columns = json.loads((artifacts / "columns.json").read_text())
    pipeline = joblib.load(artifacts / "pipeline.pickle")
    trained = pipeline.predict_proba(data[columns])[:, 1]
    ids = [f"alone {i}" for i, _, _ in training_passengers[:150]]
    observations = [observation for _, observation, _ in training_passengers]
    alone = [client.predict(i, o).json["proba"] for i, o in zip(ids, observations, strict=False)]
    with ThreadPoolExecutor(64) as pool:
        names = [f"together {i}" for i, _, _ in training_passengers]
        together = [a.json["proba"] for a in pool.map(client.predict, names, observations)]
    assert alone == together[:150]
    assert max(abs(together - trained)) < 1e-12


def test_nothing_was_logged_as_unforeseen(system: System) -> None:
    """After all of the above, no part has logged an exception."""
    assert wait_for(system.log, 1)
    assert "Traceback" not in system.log()
