"""Small models of many kinds, each with the frame that it was fitted on.

`python -m tests.models.kinds NAME FOLDER` writes the folder of one, and beside the three files what
its pipeline says of its training frame. It is run by the interpreter that is to serve the model,
and needs nothing but its libraries.
"""

from __future__ import annotations

import importlib
import json
import pickle
import shutil
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder
from sklearn.svm import LinearSVC

from tests.models.contract_answers import answers
from tests.models.kinds_of_answers import KINDS_OF_ANSWERS
from tests.models.small_frames import ROWS, Fitted, imputed, numbers, positive

EXPECTED = "expected.json"
STEPS = Path(__file__).with_name("model_steps.py")


def zero_and_one(_: Any) -> Fitted:
    return imputed(LogisticRegression()).fit(numbers(), positive().astype(int)), numbers()


def opposite(_: Any) -> Fitted:
    return imputed(LogisticRegression()).fit(numbers(), (~positive()).astype(int)), numbers()


def booleans(_: Any) -> Fitted:
    return imputed(LogisticRegression()).fit(numbers(), positive()), numbers()


def texts(_: Any) -> Fitted:
    words = ["good", "bad", "fine", "poor", "great", "dull"]
    chosen = np.random.default_rng(23).choice(words, size=(ROWS, 4))
    data = pd.Series([" ".join(row) for row in chosen], name="review")
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
    return pipeline.fit(data, positive().astype(int)), data


def categories(_: Any) -> Fitted:
    random = np.random.default_rng(24)
    data = numbers().assign(
        grade=pd.Categorical(
            random.choice(["low", "high"], ROWS), ["low", "middle", "high"], ordered=True
        ),
        port=random.choice(["S", "C", "Q"], ROWS),
    )
    data.loc[::9, "grade"] = None
    data.loc[::11, "port"] = None
    encoded = make_column_transformer(
        (SimpleImputer(), ["x", "y"]),
        (OneHotEncoder(handle_unknown="ignore"), ["port"]),
        (make_pipeline(SimpleImputer(strategy="most_frequent"), OrdinalEncoder()), ["grade"]),
    )
    return make_pipeline(encoded, LogisticRegression()).fit(data, positive().astype(int)), data


def nullable(_: Any) -> Fitted:
    random = np.random.default_rng(25)
    data = pd.DataFrame(
        {
            "count": pd.array(random.integers(0, 2**40, ROWS), dtype="Int64"),
            "share": pd.array(random.random(ROWS).round(6), dtype="Float64"),
            "is_new": pd.array(random.random(ROWS) < 0.5, dtype="boolean"),
            "name": pd.array(random.choice(["a", "b"], ROWS), dtype="string"),
        }
    )
    for place, name in enumerate(data.columns):
        data.loc[place::6, name] = pd.NA
    known = [["a", "b"]]
    taken = make_column_transformer(
        (SimpleImputer(), ["count", "share"]),
        (FunctionTransformer(pd.isna), ["is_new", "name", "count"]),
        (OneHotEncoder(categories=known, handle_unknown="ignore"), ["name"]),
    )
    return make_pipeline(taken, LogisticRegression()).fit(data, positive().astype(int)), data


def times(steps: Any) -> Fitted:
    random = np.random.default_rng(26)
    seconds = pd.to_timedelta(random.integers(0, 3 * 10**7, ROWS), unit="s")
    opened = pd.Timestamp("2020-02-01T08:30") + seconds
    data = pd.DataFrame(
        {
            "opened": opened,
            "called": opened.tz_localize("UTC").tz_convert("Europe/Berlin"),
            "lasted": pd.to_timedelta(random.integers(-(10**7), 10**8, ROWS), unit="ms"),
        }
    )
    for place, name in enumerate(data.columns):
        data.loc[place::8, name] = pd.NaT
    return make_pipeline(steps.Clock(), LogisticRegression(C=0.01)).fit(data, positive()), data


def own_transformer(steps: Any) -> Fitted:
    pipeline = make_pipeline(steps.Ratio(), SimpleImputer(), LogisticRegression())
    return pipeline.fit(numbers(), positive().astype(int)), numbers()


def numbered_columns(steps: Any) -> Fitted:
    data = numbers().set_axis([0, 1], axis=1)
    pipeline = make_pipeline(FunctionTransformer(steps.by_number), imputed(LogisticRegression()))
    return pipeline.fit(data, positive().astype(int)), data


def native_categories(_: Any) -> Fitted:
    data = with_categories()
    model = HistGradientBoostingClassifier(
        categorical_features="from_dtype", max_iter=20, min_samples_leaf=3
    )
    return model.fit(data, by_category(data)), data


def by_category(data: pd.DataFrame) -> Any:
    """Labels that only the categories tell, so that no answer can be right without them."""
    return ((data["colour"] == "red").to_numpy() ^ (data["year"] == 2021).to_numpy()).astype(int)


def with_categories() -> pd.DataFrame:
    """Numbers, and categories in an order of their own, some of them missing and one unused."""
    random = np.random.default_rng(27)
    data = numbers().assign(
        colour=pd.Categorical(random.choice(["red", "blue"], ROWS), ["red", "green", "blue"]),
        year=pd.Categorical(random.choice([2021, 2019], ROWS), [2021, 2020, 2019]),
    )
    data.loc[::10, "colour"] = None
    return data


def calibrated(_: Any) -> Fitted:
    model = CalibratedClassifierCV(LinearSVC(random_state=0), cv=3)
    return imputed(model).fit(numbers(), positive().astype(int)), numbers()


def lightgbm(_: Any) -> Fitted:
    library = importlib.import_module("lightgbm")
    model = library.LGBMClassifier(
        n_estimators=20, min_child_samples=3, min_data_per_group=1, cat_smooth=0, n_jobs=1,
        verbose=-1,
    )  # fmt: skip
    return model.fit(with_categories(), by_category(with_categories())), with_categories()


KINDS: dict[str, Callable[[Any], Fitted]] = {
    "zero_and_one": zero_and_one,
    "opposite": opposite,
    "booleans": booleans,
    "texts": texts,
    "categories": categories,
    "nullable": nullable,
    "times": times,
    "own_transformer": own_transformer,
    "numbered_columns": numbered_columns,
    "native_categories": native_categories,
    "calibrated": calibrated,
    "lightgbm": lightgbm,
    **KINDS_OF_ANSWERS,
}


def written(frame: pd.DataFrame, date_format: Any) -> Any:
    """Its rows as pandas writes them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas 3 says that it will not write "epoch" for ever
        return json.loads(frame.to_json(orient="records", date_format=date_format))


def write(name: str, folder: Path) -> None:
    """Write the folder of this kind, as its learner would, and what its pipeline says."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(STEPS, folder / STEPS.name)
    sys.path.insert(0, str(folder))
    write_fitted(folder, *KINDS[name](importlib.import_module(STEPS.stem)))


def write_fitted(folder: Path, pipeline: Any, data: Any) -> None:
    """Write the three files of a pipeline, and what it says of its training frame."""
    joblib.dump(pipeline, folder / "pipeline.pickle")
    is_series = isinstance(data, pd.Series)
    (folder / "dtypes.pickle").write_bytes(pickle.dumps(data.dtype if is_series else data.dtypes))
    columns = [data.name] if is_series else list(data.columns)
    (folder / "columns.json").write_text(json.dumps(columns))
    frame = data.to_frame() if is_series else data
    (folder / EXPECTED).write_text(
        json.dumps(
            {
                # With milliseconds for times and durations, and with ISO 8601.
                "epoch": written(frame, "epoch"),
                "iso": written(frame, "iso"),
                "answers": answers(pipeline, data),
            }
        )
    )


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]))
