"""Models that answer more than a probability, or none: every place that shows it has all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.documented import accepts, check
from tests.models import model_steps
from tests.models.asking import agree, ask_all, expected
from tests.models.kinds import write_fitted
from tests.models.kinds_of_answers import KINDS_OF_ANSWERS
from tests.system import System

Served = tuple[System, dict[str, Any]]
# A model on each kind of database, with labels of its kind and one of another.
MODELS: dict[str, tuple[str, Any, Any]] = {
    "three_text_classes": ("postgres", "high", 1),
    "several_outputs": ("sqlite", [0.5, -1], 0.5),
}


@pytest.fixture(scope="module", params=MODELS)
def served(
    request: pytest.FixtureRequest,
    new_database_url: Callable[[str], str],
    new_redis_url: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, Served]]:
    """A model, the system that serves it, and what its pipeline says of its training frame."""
    kind = request.param
    folder = tmp_path_factory.mktemp(kind)
    write_fitted(folder, *KINDS_OF_ANSWERS[kind](model_steps))
    url = new_database_url(MODELS[kind][0])
    running = System(url, new_redis_url(), tmp_path_factory.mktemp("system"))
    try:
        running.start_gateway()
        running.start_worker(MODEL_DIR=str(folder))
        running.wait_ready()
        ask_all(running.client, folder)
        yield kind, (running, expected(folder))
    finally:
        running.stop()


def test_rows_show_it(served: tuple[str, Served]) -> None:
    """Each row of the listing has the ancestor's keys first, and all that was answered."""
    _, (system, told) = served
    rows = {row["observation_id"]: row for row in system.client.rows()}
    for number, answer in enumerate(told["answers"]):
        row = rows[f"at once {number}"]
        assert list(row)[:5] == ["id", "observation_id", "observation", "proba", "true_class"]
        agree(row["proba"], answer.get("proba"))
        agree({key: row[key] for key in answer}, answer)
        assert row["model_version"] == system.client.get("/model").json["version"]
        # Without a manifest nobody has named it.
        assert row["model_name"] is None


def test_labels(served: tuple[str, Served]) -> None:
    """Of its kind are stored, and answered with the row; of another they are refused by name."""
    kind, (system, told) = served
    label, other = MODELS[kind][1:]
    answer = told["answers"][0]
    labelled = system.client.update("at once 0", label)
    assert labelled.status == 200
    assert labelled.json["true_class"] == label
    agree({key: labelled.json[key] for key in answer}, answer)
    refused = system.client.update("at once 0", other)
    assert refused.status == 422
    assert refused.json["error"].startswith(f"true_class is {other!r}, and the model")
    (row,) = (r for r in system.client.rows() if r["observation_id"] == "at once 0")
    assert row["true_class"] == label


def test_what_is_said_of_it(served: tuple[str, Served]) -> None:
    """Its kind and its classes."""
    kind, (system, _) = served
    model = system.client.get("/model").json
    wanted = {
        "three_text_classes": ("classifier", ["high", "low", "middle"]),
        "several_outputs": ("regressor", []),
    }
    assert (model["kind"], model["classes"]) == wanted[kind]
    assert model["positive_class"] is None
    assert model.get("outputs") == (2 if kind == "several_outputs" else None)


def test_the_document_says_so(served: tuple[str, Served]) -> None:
    """What its answers, rows and labels are like, with examples that work."""
    kind, (system, _) = served
    client = system.client
    document = client.get("/openapi.json").json
    for path in ("/predict", "/update"):
        body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        answer = client.post(path, body["example"])
        assert answer.status == 200 and "error" not in answer.json, answer
        check(document, path, "post", answer)
    check(document, "/predict", "post", client.predict("example", {}))
    check(document, "/list-db-contents", "get", client.get("/list-db-contents"))
    check(document, "/model", "get", client.get("/model"))
    label, other = MODELS[kind][1:]
    assert accepts(document, "TrueClass", label)
    assert not accepts(document, "TrueClass", other)
