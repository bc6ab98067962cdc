"""What kind of process a gateway is: small, without a model, guarded when a key is set."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tests.ancestor import make_ancestor
from tests.system import FIRST_PROBA, Client, System

MOST_MEMORY = 90 * 1024 * 1024


def test_no_model_in_the_gateway(system: System) -> None:
    """After real traffic no process of the gateway has loaded pandas, NumPy or scikit-learn, and
    each stays under 90 MB."""
    client = system.client
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(client.predict, (f"memory {i}" for i in range(400))))
    assert {a.status for a in answers} == {200}
    main = psutil.Process(system.gateways[0][0].process.pid)
    processes = [main, *main.children(recursive=True)]
    for process in processes:
        loaded = " ".join(m.path for m in process.memory_maps())
        assert not [name for name in ("pandas", "sklearn", "numpy", "scipy") if name in loaded]
        assert process.memory_info().rss < MOST_MEMORY


def test_health(client: Client) -> None:
    """Both health routes, each part by name."""
    assert client.get("/healthz").json == {"status": "up"}
    answer = client.get("/readyz")
    assert answer.json == {
        "status": "ready", "database": "ready", "redis": "ready", "worker": "ready"
    }  # fmt: skip


def test_the_model(client: Client) -> None:
    """What the workers say of what they serve, with an observation that it answers; the version is
    the one that rows have."""
    model = client.get("/model").json
    columns = ["Pclass", "Sex", "Age", "SibSp", "Parch", "Fare", "Cabin", "Embarked"]
    assert [column["name"] for column in model["columns"]] == columns
    assert model["columns"][0]["dtype"] == "int64"
    assert (model["classes"], model["positive_class"], model["kind"]) == ([0, 1], 1, "classifier")
    assert model["versions"] == [{"version": model["version"], "workers": model["workers"]}]
    assert client.predict("as in the example", model["example"]).status == 200
    (row,) = [r for r in client.rows() if r["observation_id"] == "as in the example"]
    assert row["model_version"] == model["version"]


def test_not_ready_without_a_worker(on_postgres: System) -> None:
    """503 that names what is missing."""
    try:
        on_postgres.start_gateway()
        answer = on_postgres.client.get("/readyz")
        assert answer.status == 503
        assert answer.json["worker"] == "no worker with a loaded model answers"
        assert answer.json["error"] == "not ready: worker"
        assert answer.json["database"] == answer.json["redis"] == "ready"
        answer = on_postgres.client.get("/model")
        assert answer.status == 503
        assert answer.json == {"error": "no worker with a loaded model answers"}
    finally:
        on_postgres.stop()


@pytest.mark.parametrize("ancestor", [False, True])
def test_two_of_each_at_once(on_postgres: System, ancestor: bool) -> None:
    """Two gateways and two workers started at the same moment, on an empty database and on an
    ancestor's with rows: all come up, nothing is lost, old probabilities print as they did."""
    before = make_ancestor("postgres", on_postgres.database_url) if ancestor else []
    try:
        on_postgres.start(gateways=2, workers=2)
        names = ("id", "observation_id", "observation", "proba", "true_class")
        for _, client in on_postgres.gateways:
            assert [tuple(row[n] for n in names) for row in client.rows()] == before
        for number, (_, client) in enumerate(on_postgres.gateways):
            answer = client.predict(f"new {number}")
            assert answer.json == {"proba": pytest.approx(FIRST_PROBA, abs=1e-12)}
        if ancestor:
            first = on_postgres.client.predict(0).json
            assert first == {"proba": 0.16097398, "error": 'Observation ID: "0" already exists'}
            assert on_postgres.client.update(17, 1).json["proba"] == 0.1
        assert len(on_postgres.client.rows()) == len(before) + 2
    finally:
        on_postgres.stop()
