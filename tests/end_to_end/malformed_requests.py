"""Malformed requests of every kind, each with the status that the contract has for it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.end_to_end.wire import Headers
from tests.system import FIRST_PASSENGER

JSON: Headers = (("Content-Type", "application/json"),)
HOST = ("Host", "gateway")
UNKNOWN_JOB = "00000000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Malformed:
    """One request. `said` is in the error's text; `allows` is in the Allow header of a 405."""

    name: str
    status: int
    method: str = "POST"
    path: str | bytes = "/predict"
    headers: Headers = JSON
    body: bytes = b""
    said: tuple[str, ...] = ()
    allows: str = ""

    def __str__(self) -> str:
        return f"{self.status} {self.name}"


def text(body: Any) -> bytes:
    """A body as JSON."""
    return json.dumps(body).encode()


def predict(observation_id: Any = "malformed", **changes: Any) -> bytes:
    """The body of a good prediction, with changes to its observation."""
    return text({"id": observation_id, "observation": {**FIRST_PASSENGER, **changes}})


def without(name: str) -> bytes:
    """The body of a good prediction, but for one key of its observation."""
    observation = {k: v for k, v in FIRST_PASSENGER.items() if k != name}
    return text({"id": "malformed", "observation": observation})


def with_id(raw: str) -> bytes:
    """The body of a good prediction, but for its id, given as JSON."""
    return predict().replace(b'"malformed"', raw.encode())


def with_value(name: str, raw: str) -> bytes:
    """The body of a good prediction, but for one value, given as JSON."""
    return predict(**{name: "MARK"}).replace(b'"MARK"', raw.encode())


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    """A good prediction with an unknown key, nested so deep in all."""
    inner = depth - 2
    return with_value("Deep", opening * inner + "0" + closing * inner)


def update(raw: str) -> bytes:
    """The body of an update of the row that is there, with this true class as JSON."""
    return f'{{"id": "labelled", "true_class": {raw}}}'.encode()


GOOD = predict()

BROKEN: dict[str, bytes] = {
    "empty body": b"", "spaces": b" \n", "an opening brace": b"{", "a closing brace": b"}",
    "half a body": GOOD[: len(GOOD) // 2], "one brace short": GOOD[:-1],
    "one brace too many": GOOD + b"}", "two documents": GOOD + GOOD, "trailing words": GOOD + b"ok",
    "a comma too many": GOOD[:-1] + b",}", "a colon short": GOOD.replace(b'"id":', b'"id"'),
    "single quotes": GOOD.replace(b'"', b"'"), "bare keys": b"{id: 0, observation: {}}",
    "a comment": b"// first\n" + GOOD, "Python's None": GOOD.replace(b"null", b"None"),
    "undefined": GOOD.replace(b"null", b"undefined"), "Infinity": with_value("Fare", "Infinity"),
    "-Infinity": with_value("Fare", "-Infinity"), "a plus sign": with_value("Fare", "+1"),
    "a leading zero": with_value("Fare", "01"), "no leading digit": with_value("Fare", ".5"),
    "no trailing digit": with_value("Fare", "1."), "hexadecimal": with_value("Fare", "0x10"),
    "a raw line feed in a string": with_id('"a\nb"'), "an open string": with_id('"a'),
    "an unknown escape": with_id('"\\x41"'), "half an escape": with_id('"\\u12"'),
    "a byte order mark": b"\xef\xbb\xbf" + GOOD, "UTF-16": GOOD.decode().encode("utf-16"),
    "invalid UTF-8": GOOD.replace(b"male", b"\xff\xfe"),
    "Latin-1": GOOD.replace(b"male", b"m\xe2le"),
    "UTF-8 cut off": GOOD.replace(b"male", b"\xf0\x9f\x9a"),
    "a surrogate in UTF-8": GOOD.replace(b"male", b"\xed\xa0\x80"),
    "an overlong NUL in UTF-8": GOOD.replace(b"male", b"\xc0\x80"),
    "a NUL byte": b"\x00", "a raw NUL in an id": with_id('"a\x00b"'),
    "a NUL behind": GOOD + b"\x00",
    "an id of 4,301 digits": with_id("9" * 4301), "an id of 500,000 digits": with_id("9" * 500_000),
    "a fare of 5,000 digits": with_value("Fare", "9" * 5000),
    "nesting of 33": nested(33), "nesting of 33 objects": nested(33, '{"a":', "}"),
    "nesting of 10,000": nested(10_000), "nesting of 100,000": nested(100_000),
    "100,000 arrays": b"[" * 100_000, "100,000 arrays, closed": b"[" * 100_000 + b"]" * 100_000,
    "50,000 objects": nested(50_000, '{"a":', "}"), "gzip": gzip.compress(GOOD),
    "a form": b"id=0&observation=%7B%7D", "XML": b"<id>0</id>", "random bytes": bytes(range(256)),
}  # fmt: skip

NO_OBJECTS: dict[str, bytes] = {
    "an array": b"[]", "a request in an array": b"[" + GOOD + b"]", "a string": b'"id"',
    "JSON in JSON": text(GOOD.decode()), "a number": b"0", "true": b"true", "null": b"null",
    "NaN": b"NaN", "1e999": b"1e999",
}  # fmt: skip

BAD_IDS: dict[str, str] = {
    "null": "null", "NaN": "NaN", "true": "true", "false": "false", "a fraction": "1.5",
    "a whole fraction": "1.0", "1e3": "1e3", "1e999": "1e999", "-1e999": "-1e999",
    "an array": "[0]",
    "an empty array": "[]", "an object": '{"id": 0}', "an empty string": '""',
    "256 characters": '"' + "a" * 256 + '"', "256 ships": '"' + "\U0001f6a2" * 256 + '"',
    "100,000 characters": '"' + "a" * 100_000 + '"', "2**63": str(2**63),
    "-(2**63)-1": str(-(2**63) - 1), "4,300 digits": "9" * 4300, "NUL": '"\\u0000"',
    "NUL within": '"a\\u0000b"', "a high surrogate": '"\\ud800"', "a low surrogate": '"a\\udfff"',
    "surrogates reversed": '"\\udea2\\ud83d"',
}  # fmt: skip

BAD_OBSERVATIONS: dict[str, Any] = {
    "null": None, "an array": [], "a row in an array": [FIRST_PASSENGER], "a string": "x",
    "JSON": json.dumps(FIRST_PASSENGER), "a number": 0, "true": True,
}  # fmt: skip

# Column, JSON value, what the error shows of it.
BAD_VALUES: list[tuple[str, str, str]] = [
    *((c, "null", "missing") for c in ("Pclass", "SibSp", "Parch")),
    ("Pclass", "NaN", "missing"), ("Pclass", '"3.5"', "'3.5'"), ("Pclass", '"third"', "'third'"),
    ("Pclass", '""', "''"), ("Pclass", "3.5", "3.5"), ("Pclass", "-0.1", "-0.1"),
    ("Pclass", str(2**63), str(2**63)), ("Pclass", str(2**70), str(2**70)),
    ("Pclass", str(-(2**70)), str(-(2**70))), ("Pclass", "1e19", "1e+19"),
    ("Pclass", "1e999", "inf"),
    ("Pclass", "[3]", "[3]"), ("Pclass", "{}", "{}"), ("SibSp", "1e-9", "1e-09"),
    ("SibSp", "[[]]", "[[]]"), ("Parch", '{"a": 1}', "{'a': 1}"), ("Parch", '"\\u0000"', "x00"),
    ("Age", '"0x16"', "'0x16'"), ("Age", '"old"', "'old'"), ("Age", '""', "''"),
    ("Age", '"NaN"', "'NaN'"),
    ("Age", "[22]", "[22]"), ("Age", "{}", "{}"), ("Age", "9" * 400, "999"),
    ("Fare", "1e999", "inf"),
    ("Fare", "-1e999", "-inf"), ("Fare", '"7,25"', "'7,25'"), ("Fare", "[]", "[]"),
    ("Fare", '[{"a": [1]}]', "[{'a': [1]}]"), ("Sex", '["male"]', "['male']"), ("Sex", "{}", "{}"),
    ("Sex", "[]", "[]"), ("Cabin", '{"deck": "C"}', "{'deck': 'C'}"), ("Cabin", "[null]", "[None]"),
    ("Embarked", '["S", "C"]', "['S', 'C']"), ("Embarked", '[["S"]]', "[['S']]"),
]  # fmt: skip

BAD_CLASSES: dict[str, str] = {
    "null": "null", "NaN": "NaN", "a fraction": "0.5", "1e999": "1e999", "-1e999": "-1e999",
    "an array": "[1]", "an empty array": "[]", "an object": "{}", "an empty string": '""',
    "256 characters": '"' + "1" * 256 + '"', "2**63": str(2**63), "-(2**63)-1": str(-(2**63) - 1),
    "2**70": str(2**70), "a word": '"survived"',
}  # fmt: skip

CONTENT_TYPES: dict[str, Headers] = {
    "none": (), "an empty one": (("Content-Type", ""),), "text": (("Content-Type", "text/plain"),),
    "a form": (("Content-Type", "application/x-www-form-urlencoded"),),
    "a multipart form": (("Content-Type", "multipart/form-data; boundary=x"),),
    "XML": (("Content-Type", "application/xml"),), "text/json": (("Content-Type", "text/json"),),
    "a list": (("Content-Type", "application/json, text/plain"),),
    "a prefix": (("Content-Type", "application/jsonp"),),
    "half": (("Content-Type", "application"),),
    "garbage": (("Content-Type", b"\xff\xfe;;=\x80"),), "any": (("Content-Type", "*/*"),),
    "Latin-1": (("Content-Type", "application/json; charset=latin-1"),),
    "UTF-16": (("Content-Type", "application/json; charset=utf-16"),),
    "no charset": (("Content-Type", "application/json; charset=nonsense"),),
    "a charset of bytes": (("Content-Type", b"application/json; charset=\xff"),),
}  # fmt: skip

JOB_IDS: dict[str, str | bytes] = {
    "an unknown one": UNKNOWN_JOB, "in capitals": UNKNOWN_JOB.replace("8", "A"), "zero": "0",
    "without dashes": UNKNOWN_JOB.replace("-", ""), "a line feed behind": UNKNOWN_JOB + "%0A",
    "NUL": "%00", "NUL within": "a%00b", "a word": "latest", "5,000 characters": "a" * 5000,
    "5,000 escapes": "%41" * 5000, "UTF-8": "%F0%9F%9A%A2", "no UTF-8": "%FF%FE",
    "a lone percent sign": "%", "half an escape": "%4", "no escape": "%zz", "a dot": "%2E",
    "SQL": "'%20OR%201=1--", "traversal": "..%2F..%2Fetc%2Fpasswd", "dots": "../../etc/passwd",
    "a URL": "http:%2F%2F127.0.0.1:1%2F", "a slash behind": UNKNOWN_JOB + "/",
    "full-width digits": "%EF%BC%90" * 8, "nothing": "", "a slash before": "/" + UNKNOWN_JOB,
}  # fmt: skip

PATHS: dict[str, str | bytes] = {
    "root": "/", "a slash behind": "/predict/", "capitals": "/Predict", "more letters": "/predicts",
    "a path below": "/predict/0", "a file": "/favicon.ico", "a static file": "/static/app.js",
    "NUL": "/%00", "UTF-8": "/%C3%A9",
    "8,000 characters": "/" + "a" * 8000,
    "dots": "/../../etc/passwd", "escaped": "/%2570redict", "slashes within": "/list//db-contents",
}  # fmt: skip

QUERIES: dict[str, str] = {
    "?after=abc": "after", "?after=": "after", "?after=1.5": "after", "?after=1e3": "after",
    "?after=0x1": "after", "?after=%00": "after", "?after=%FF": "after", "?after=null": "after",
    "?after=9223372036854775808": "after", "?after=-9223372036854775809": "after",
    "?after=%D9%A1": "after", "?after=1%0A": "after", f"?after={'9' * 5000}": "after",
    "?limit=-1": "limit", "?limit=abc": "limit", "?limit=": "limit", "?limit=1.0": "limit",
    "?limit=9223372036854775808": "limit", "?after=0&limit=x": "limit", "?limit=1%202": "limit",
}  # fmt: skip

SELECTIONS = {
    "?since=yesterday": "since", "?until=2026-11-24": "until", "?labelled=yes": "labelled",
    "?format=parquet": "format", "?model_version=%00": "model_version", "?labeled=true": "labeled",
    "?after=x": "after", "?limit=-1": "limit",
}  # fmt: skip

METHODS: dict[str, tuple[str, list[str]]] = {
    "/predict": ("POST", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE"]),
    "/update": ("POST", ["GET", "HEAD", "PUT", "PATCH", "DELETE"]),
    "/list-db-contents": ("GET", ["POST", "PUT", "PATCH", "DELETE"]),
    "/predictions": ("GET", ["POST", "PUT", "PATCH", "DELETE"]),
    f"/jobs/{UNKNOWN_JOB}": ("DELETE", ["POST", "PUT", "PATCH"]),
    "/healthz": ("GET", ["POST", "PUT", "DELETE"]),
    "/readyz": ("GET", ["POST", "PUT", "DELETE"]),
}


def cases() -> Iterator[Malformed]:
    """All of them; their names differ."""
    for name, body in BROKEN.items():
        yield Malformed(f"broken: {name}", 400, body=body)
    for name in ("empty body", "half a body", "invalid UTF-8", "nesting of 10,000"):
        yield Malformed(f"broken update: {name}", 400, path="/update", body=BROKEN[name])
    twice = {
        "an id": GOOD[:-1] + b', "id": 0}',
        "a column": GOOD.replace(b'"Pclass": 3', b'"Pclass": 3, "Pclass": 3'),
    }
    for name, body in twice.items():
        yield Malformed(f"{name} twice", 400, body=body, said=("is there twice",))
    labels = b'{"id": "labelled", "true_class": 1, "true_class": 0}'
    yield Malformed("a true class twice", 400, path="/update", body=labels, said=("'true_class'",))
    for name, body in NO_OBJECTS.items():
        for path in ("/predict", "/update"):
            yield Malformed(f"{path}: {name}", 422, path=path, body=body, said=("object",))
    yield Malformed("no id", 422, body=text({"observation": FIRST_PASSENGER}), said=("id ",))
    yield Malformed("no id in an update", 422, path="/update", body=b"{}", said=("id ",))
    yield Malformed("an Id", 422, body=GOOD.replace(b'"id"', b'"Id"'), said=("id ",))
    for name, raw in BAD_IDS.items():
        yield Malformed(f"id: {name}", 422, body=with_id(raw), said=("id ",))
        body = f'{{"id": {raw}, "true_class": 1}}'.encode()
        yield Malformed(f"id of an update: {name}", 422, path="/update", body=body, said=("id ",))
    yield Malformed("no observation", 422, body=b'{"id": 0}', said=("observation",))
    for name, value in BAD_OBSERVATIONS.items():
        body = text({"id": "malformed", "observation": value})
        yield Malformed(f"observation: {name}", 422, body=body, said=("observation",))
    for column, raw, shown in BAD_VALUES:
        body = with_value(column, raw)
        yield Malformed(f"{column}: {raw[:20]}", 422, body=body, said=(column, shown))
    for column in ("Pclass", "SibSp", "Parch"):
        yield Malformed(f"no {column}", 422, body=without(column), said=(column, "missing"))
    empty = text({"id": "malformed", "observation": {}})
    yield Malformed("an empty observation", 422, body=empty, said=("Pclass", "missing"))
    bare = b'{"id": "labelled"}'
    yield Malformed("no true_class", 422, path="/update", body=bare, said=("true_class",))
    for name, raw in BAD_CLASSES.items():
        said = ("true_class",)
        yield Malformed(f"true_class: {name}", 422, path="/update", body=update(raw), said=said)
    for name, headers in CONTENT_TYPES.items():
        yield Malformed(f"content type: {name}", 415, headers=headers, body=GOOD)
    yield Malformed("an update as text", 415, path="/update", headers=(), body=update("1"))
    for name, job_id in JOB_IDS.items():
        of_job = b"/jobs/" + (job_id.encode() if isinstance(job_id, str) else job_id)
        yield Malformed(f"job: {name}", 404, "GET", of_job)
        yield Malformed(f"job to cancel: {name}", 404, "DELETE", of_job)
    for name, where in PATHS.items():
        yield Malformed(f"path: {name}", 404, "GET", where)
        yield Malformed(f"path with a body: {name}", 404, "POST", where, body=GOOD)
    # What RFC 9112 does not let a request line hold is refused before anything looks for it.
    for raw_path in (b"/\xc3\xa9", b"/jobs/\xc3\xa9", b"/predict\x7f"):
        yield Malformed(f"raw bytes in {raw_path!r}", 400, "GET", raw_path)
    yield Malformed("a method that nobody knows", 400, "BREW", "/predict", body=b"")
    for query, field in QUERIES.items():
        path = "/list-db-contents" + query
        bounds = (field, f"to {2**63 - 1}")
        yield Malformed(f"query: {query[:40]}", 422, "GET", path, said=bounds)
    for query, field in SELECTIONS.items():
        yield Malformed(f"selection: {query}", 422, "GET", "/predictions" + query, said=(field,))
    for path, (allows, methods) in METHODS.items():
        for method in methods:
            yield Malformed(f"{method} {path}", 405, method, path, body=b"", allows=allows)
    for name, host in {"dots": "..", "a long label": "a" * 300}.items():
        yield Malformed(f"host: {name}", 400, "GET", "/healthz", headers=(("Host", host),))
    big = b" " * 10_000_000
    yield Malformed("10 MB", 413, body=big)
    yield Malformed("10 MB of a good request", 413, body=GOOD + big)
    yield Malformed("10 MB in an update", 413, path="/update", body=big)
    yield Malformed("one byte too many", 413, body=GOOD + b" " * (2**20 + 1 - len(GOOD)))
