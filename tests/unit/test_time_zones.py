"""A `dtypes.pickle` with time zones, as pandas before 3 wrote it: the zones are pytz's."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from worker.model.loading import load
from worker.scoring.framing import frame

# pickle.dumps(frame.dtypes, protocol=4) of pandas 2.2.3: `at` in Europe/Berlin, `utc` in UTC, `x`
# float64, `old` in America/New_York.
DTYPES = base64.b64decode("""
gASVkwMAAAAAAACMEnBhbmRhcy5jb3JlLnNlcmllc5SMBlNlcmllc5STlCmBlH2UKIwEX21ncpSMHnBhbmRhcy5jb3JlLmlu
dGVybmFscy5tYW5hZ2Vyc5SMElNpbmdsZUJsb2NrTWFuYWdlcpSTlCmBlChdlIwYcGFuZGFzLmNvcmUuaW5kZXhlcy5iYXNl
lIwKX25ld19JbmRleJSTlGgLjAVJbmRleJSTlH2UKIwEZGF0YZSMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25z
dHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZSTlEsAhZRDAWKUh5RSlChLAUsEhZRoFYwFZHR5cGWUk5SMAk84lImIh5RSlChL
A4wBfJROTk5K/////0r/////Sz90lGKJXZQojAJhdJSMA3V0Y5SMAXiUjANvbGSUZXSUYowEbmFtZZROdYaUUpRhXZRoFGgX
SwCFlGgZh5RSlChLAUsEhZRoIYldlCiMGXBhbmRhcy5jb3JlLmR0eXBlcy5kdHlwZXOUjA9EYXRldGltZVRaRHR5cGWUk5Qp
gZR9lCiMBHVuaXSUjAJuc5SMAnR6lIwEcHl0epSMAl9wlJOUKIwNRXVyb3BlL0JlcmxpbpRNbAxLAIwDTE1UlHSUUpR1Ymg1
KYGUfZQoaDiMAm5zlGg6jAhkYXRldGltZZSMCHRpbWV6b25llJOUaEWMCXRpbWVkZWx0YZSTlEsASwBLAIeUUpSFlFKUdWJo
HowCZjiUiYiHlFKUKEsDjAE8lE5OTkr/////Sv////9LAHSUYmg1KYGUfZQoaDiMAm5zlGg6aD0ojBBBbWVyaWNhL05ld19Z
b3JrlEqguv//SwCMA0xNVJR0lFKUdWJldJRiYV2UaA1oD32UKGgRaBRoF0sAhZRoGYeUUpQoSwFLBIWUaCGJXZQoaCVoJmgn
aChldJRiaCpOdYaUUpRhfZSMBjAuMTQuMZR9lCiMBGF4ZXOUaAqMBmJsb2Nrc5RdlH2UKIwGdmFsdWVzlGgwjAhtZ3JfbG9j
c5SMCGJ1aWx0aW5zlIwFc2xpY2WUk5RLAEsESwGHlFKUdWF1c3SUYowEX3R5cJSMBnNlcmllc5SMCV9tZXRhZGF0YZRdlIwF
X25hbWWUYYwFYXR0cnOUfZSMBl9mbGFnc5R9lIwXYWxsb3dzX2R1cGxpY2F0ZV9sYWJlbHOUiHNoeE51Yi4=
""")


def hours(data: pd.DataFrame) -> pd.DataFrame:
    """The hour of the day in Berlin, which only a zone knows."""
    return pd.DataFrame({"hour": data["at"].dt.hour, "x": data["x"]})


def test_dtypes_of_pandas_2_with_time_zones(tmp_path: Path) -> None:
    """The model loads, and its columns have the zones that it was fitted with."""
    assert b"pytz" in DTYPES
    numbers = np.random.default_rng(5).normal(size=(50, 2))
    fitted = LogisticRegression().fit(
        pd.DataFrame(numbers, columns=["hour", "x"]), numbers[:, 1] > 0
    )
    joblib.dump(make_pipeline(FunctionTransformer(hours), fitted), tmp_path / "pipeline.pickle")
    (tmp_path / "dtypes.pickle").write_bytes(DTYPES)
    columns = ["at", "utc", "x", "old"]
    (tmp_path / "columns.json").write_text(json.dumps(columns))
    model = load(tmp_path)
    assert [str(model.dtypes[name]) for name in columns] == [
        "datetime64[ns, Europe/Berlin]", "datetime64[ns, UTC]", "float64",
        "datetime64[ns, America/New_York]",
    ]  # fmt: skip
    moment = "2024-07-01T12:00:00+00:00"
    found: Any = frame([{"at": moment, "utc": moment, "x": 1.0, "old": moment}], model)
    assert [found[name].dt.hour[0] for name in ("at", "utc", "old")] == [14, 12, 8]
    assert 0 < model.answers(found)[0] < 1  # type: ignore[operator]
