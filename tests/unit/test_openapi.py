"""`api.openapi`: the document says what the code does."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import schemathesis
from jsonschema import Draft202012Validator

from api.app import create_flask, waiting_routes
from api.gateway import Gateway
from api.http.request_bodies import understand
from api.openapi.columns import column_schema, observation_schema
from api.openapi.document import VERSION, Service, document
from api.openapi.served_model import ServedModel
from api.page.page_file import PAGE, page_files
from shared import errors
from shared.errors import ClientFaultError, QueuecastError, WrongShapeError
from shared.queue.messages import Kind
from shared.settings import CHECKOUT, Settings
from tests.answerings import classifier, regressor
from tests.documented import accepts
from worker.model.answering import Answering
from worker.scoring.reading import column
from worker.scoring.true_class import recognise

Document = dict[str, Any]

COLUMNS = tuple(json.loads((CHECKOUT / "artifacts" / "manifest.json").read_text())["columns"])
TITANIC = ServedModel(
    version="a79814e1fa002913", name="titanic", kind="classifier", classes=(0, 1),
    positive_class=1, columns=COLUMNS, example={"Pclass": 3, "SibSp": 0, "Parch": 0},
)  # fmt: skip
MODELS = {
    "none": None,
    "forgotten by Redis": ServedModel("0" * 16),
    "binary": TITANIC,
    "truths": ServedModel("1", kind="classifier", classes=(True, False), positive_class=True),
    "texts": ServedModel("2", kind="classifier", classes=("no", "yes"), positive_class="yes"),
    "three": ServedModel("3", kind="classifier", classes=(1, 2, 3)),
    "without probabilities": ServedModel("4", kind="classifier without probabilities"),
    "regressor": ServedModel("5", kind="regressor", outputs=1, others=1),
    "two numbers": ServedModel("6", kind="regressor", outputs=2),
}


def make(model: ServedModel | None, asks_for_key: bool = True) -> Document:
    files = [file.name for file in page_files() if file.name != PAGE]
    return document(Service(4.0, 20.0, 2**20, asks_for_key, files), model)


@pytest.mark.parametrize("asks_for_key", [True, False])
@pytest.mark.parametrize("name", MODELS)
def test_it_is_openapi(name: str, asks_for_key: bool) -> None:
    """By the meta-schema of OpenAPI 3.1; every reference leads somewhere, every schema is one, and
    every example of a body is what its schema takes."""
    found = json.loads(json.dumps(make(MODELS[name], asks_for_key)))
    schemathesis.openapi.from_dict(found).validate()
    for schema in found["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for part in parts(found):
        if "$ref" in part:
            place: Any = found
            for step in part["$ref"].removeprefix("#/").split("/"):
                place = place[step]
        if "requestBody" in part:
            body = part["requestBody"]["content"].get("application/json")
            if body is None:
                continue  # a file
            schema = body["schema"]["$ref"].rpartition("/")[2]
            if schema != "Prediction" or name in ("none", "binary"):
                assert accepts(found, schema, body["example"]), schema


def parts(of: Any) -> Iterator[Document]:
    """Every object in a document."""
    for each in of.values() if isinstance(of, dict) else of if isinstance(of, list) else ():
        yield from parts(each)
    if isinstance(of, dict):
        yield of


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """One that was never started."""
    settings = Settings.from_environment(
        {"DATABASE_URL": f"sqlite:///{tmp_path / 'x.db'}", "REDIS_URL": "redis://127.0.0.1:1/0"}
    )
    gateway = Gateway(settings)
    yield gateway
    gateway.database.close()


def test_every_route_and_no_other(gateway: Gateway) -> None:
    """Whatever the gateway serves is in the document, and the other way round. HEAD goes with GET,
    and OPTIONS with everything, as the document says in words."""
    served = {(r.method, re.sub("<(.*?)>", r"{\1}", r.path)) for r in waiting_routes(gateway)}
    for rule in create_flask(gateway).url_map.iter_rules():
        path = re.sub("<(.*?)>", r"{\1}", rule.rule)
        served |= {(method, path) for method in rule.methods or ()}
    served = {(method, path) for method, path in served if method not in ("HEAD", "OPTIONS")}
    said = set()
    for path, item in make(TITANIC)["paths"].items():
        for method in item.keys() - {"parameters"}:
            listed = [p["schema"]["enum"] for p in item[method].get("parameters", ())
                      if "enum" in p.get("schema", ())]  # fmt: skip
            names = listed[0] if listed else [None]
            said |= {(method.upper(), re.sub("{file}", str(name), path)) for name in names}
    assert served == said


def test_every_status_of_our_errors_is_there() -> None:
    """Whatever is raised on purpose can be answered as the document says."""
    there = make(TITANIC)["components"]["responses"]
    raised = {
        str(each.status)
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, QueuecastError)
    }
    assert raised - {"405"} <= set(there)


def test_version() -> None:
    """That of the project."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION


VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, 1.0, 2, -1, 2.5, -0.0, 127, 128, -128, -129, 255, 256, 32767, 32768,
    65504, 70000, 2**31, 2**32, 2**53, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64,
    1e38, 3.5e38, -1e39, 1e308, 1.7e308, 10**400, 5e-324, math.inf,
    "", " ", "22", " 22.5 ", "+3", "-3", ".5", "5.", "1e3", "1,5", "0x10", "1_0", "\u0664", "x",
    "male", "true", "None", "NaN", "inf", "9" * 500, [], [1], {}, {"a": 1},
)  # fmt: skip
# Where the schema says less or more than is taken, for want of a way to say it: whole numbers with
# an exponent or a great many digits as texts.
TOO_FINE = ("1e3", "9" * 500)
DTYPES = (
    "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "Int8", "Int64",
    "UInt8", "UInt64", "float16", "float32", "float64", "Float32", "Float64", "bool", "boolean",
    "string",
)  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
def test_columns_take_what_workers_take(dtype: str) -> None:
    """Nothing that a worker refuses is let pass, and nothing that it takes is refused."""
    reading = column("x", pd.Series(dtype=dtype).dtype, ())
    assert reading is not None
    told = Draft202012Validator(column_schema({"name": "x", "dtype": dtype}))
    for value in VALUES:
        if value not in TOO_FINE:
            assert told.is_valid(value) == reading.takes(value), value
    observation = observation_schema(({"name": "x", "dtype": dtype},))
    assert ("required" in observation) == (not reading.takes(None))


@pytest.mark.parametrize(
    ("dtype", "taken", "refused"),
    [
        ("datetime64[ns]", ["2021-05-06", "2021-05-06T07:08:09Z", 1620284889000, None],
         [5, [], 1.5]),
        ("timedelta64[us]", ["P2DT3H", 5, None], [[], 1.5]),
        ("category", ["a", 1, None], [[], {}]),
        ("object", ["a", 1, None], []),
    ],
)  # fmt: skip
def test_other_columns(dtype: str, taken: list[Any], refused: list[Any]) -> None:
    """In the main as workers do, where JSON Schema can say it."""
    pandas = {"category": pd.CategoricalDtype(["a", "b"])}.get(dtype, dtype)
    reading = column("x", pd.Series(dtype=pandas).dtype, ())
    told = Draft202012Validator(column_schema({"name": "x", "dtype": dtype}))
    for value in taken:
        assert told.is_valid(value), value
        assert reading is None or reading.takes(value), value
    for value in refused:
        assert not told.is_valid(value), value
        assert reading is not None and not reading.takes(value), value


def test_a_column_tells_what_the_manifest_knows() -> None:
    """In words, since none of it is a bound; an unknown dtype is told as it is."""
    known = {"name": "x", "dtype": "float64", "range": [0.42, 80.0], "nullable": False}
    told = column_schema(known)["description"]
    assert "from 0.42 to 80.0 in training" in told and "never missing in training" in told
    many = column_schema({"name": "x", "dtype": "category", "categories": list(range(25))})
    assert "categories: 0, 1, 2" in many["description"] and "5 more" in many["description"]
    assert column_schema({"name": "x", "dtype": "interval[int64]"})["description"]
    assert "anyOf" not in column_schema({"name": "x", "dtype": "interval[int64]"})


IDS: tuple[Any, ...] = (
    0, -1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, "0", "", "a", "x" * 255, "x" * 256,
    "\U0001f6a2" * 255, "a\x00b", "\n", 1.5, True, None, [], {},
)  # fmt: skip


@pytest.mark.parametrize("value", IDS)
def test_ids(value: Any) -> None:
    """As the gateway takes them."""
    body = json.dumps({"id": value, "observation": {}}).encode()
    try:
        understand(Kind.PREDICT, body, "identity")
        taken = True
    except WrongShapeError:
        taken = False
    assert accepts(make(TITANIC), "ObservationId", value) == taken


LABELS: tuple[Any, ...] = (
    0, 1, 2, -7, 2**63 - 1, 2**63, 1.0, 1.5, True, False, "0", "1", "2", "-7", "true", "True",
    "yes", "no", "", "x" * 256, None, [], [1], [1, 2.5], [1, "2"], ["1", "2"], [True, False], {},
)  # fmt: skip


ANSWERINGS: tuple[Answering, ...] = (
    *(classifier(*classes) for classes in (
        (0, 1), (False, True), ("no", "yes"), ("1", "-7", "True"), ("1.5", "x"), (1, 2, 3),
        (0.5, 2.5),
    )),
    regressor(1), regressor(2), regressor(None),
)  # fmt: skip


@pytest.mark.parametrize("answering", ANSWERINGS)
def test_true_classes(answering: Answering) -> None:
    """As gateway and worker take them together."""
    model = ServedModel(
        "1", kind=answering.kind, classes=answering.classes, outputs=answering.outputs
    )
    found = make(model)
    for value in LABELS:
        if value == 1.0 and isinstance(value, float) and isinstance((*model.classes, 0)[0], str):
            continue  # JSON Schema cannot tell it from 1
        try:
            understand(Kind.UPDATE, json.dumps({"id": 1, "true_class": value}).encode(), "identity")
            recognise(value, answering)
            taken = True
        except ClientFaultError:
            taken = False
        assert accepts(found, "TrueClass", value) == taken, value


@pytest.mark.parametrize(
    ("name", "answer", "other"),
    [
        ("binary", {"proba": 0.5}, {"prediction": 1}),
        ("truths", {"proba": 1, "error": "x", "warnings": ["y"]}, {"proba": 1.5}),
        ("texts", {"proba": 0.2, "prediction": "no", "probas": {"no": 0.8, "yes": 0.2}},
         {"proba": 0.2}),
        ("three", {"proba": 0.5, "prediction": 3, "probas": {"1": 0.2, "2": 0.3, "3": 0.5}},
         {"proba": 0.5, "prediction": 3, "probas": {"1": 0.2, "2": 0.3}}),
        ("without probabilities", {"prediction": "a", "score": {"a": 1.5}}, {"score": 1.5}),
        ("regressor", {"prediction": 1.5}, {"prediction": [1.5]}),
        ("two numbers", {"prediction": [1.5, 2]}, {"prediction": [1]}),
        ("none", {"prediction": [1.5, 2]}, {}),
    ],
)  # fmt: skip
def test_answers(name: str, answer: Any, other: Any) -> None:
    """Of each kind of model, in the contract's shape."""
    found = make(MODELS[name])
    assert accepts(found, "Answer", answer)
    assert not accepts(found, "Answer", other)


def test_what_is_said_without_a_model() -> None:
    """That there is none; and that there are several."""
    assert "No worker with a loaded model" in make(None)["info"]["description"]
    assert "1 other version beside" in make(MODELS["regressor"])["info"]["description"]
    assert "other version" not in make(TITANIC)["info"]["description"]
