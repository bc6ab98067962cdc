"""Requests of which half has come: every route, every way to say how long a body is."""

from __future__ import annotations

from dataclasses import dataclass

from tests.rough_client import JSON, Headers, head

# Of a body; what is sent of it is the beginning of a JSON object.
_LENGTH = 1000
_BEGINNING = b'{"id": '


@dataclass(frozen=True)
class HalfSent:
    """A whole head, and the first bytes of the body that it announces."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = (JSON,)
    chunked: bool = False
    length: int = _LENGTH

    def __str__(self) -> str:
        said = ", ".join(value for name, value in self.headers if name != "Content-Type")
        how = "in chunks" if self.chunked else f"of {self.length} bytes"
        return f"{self.method} {self.path} {how}{', ' if said else ''}{said}"

    def sent(self, key: str | None = None) -> bytes:
        """The bytes that have come."""
        more: Headers = [("Authorization", f"Bearer {key}")] if key else []
        headers = [*self.headers, *more]
        length = None if self.chunked else self.length
        begun = head(self.method, self.path, headers, length, self.chunked)
        if self.chunked:
            return begun + b"%x\r\n%s\r\n" % (len(_BEGINNING), _BEGINNING)
        return begun + _BEGINNING


def both(method: str, path: str, *more: tuple[str, str]) -> tuple[HalfSent, HalfSent]:
    """With a length, and in chunks."""
    headers = (JSON, *more)
    return HalfSent(method, path, headers), HalfSent(method, path, headers, chunked=True)


# Routes that take a body: they wait for the rest of it.
TAKEN = (
    *both("POST", "/predict"),
    *both("POST", "/update"),
    *both("POST", "/predict", ("Prefer", "wait=10")),
    *both("POST", "/predict", ("Prefer", "respond-async")),
    *both("POST", "/update", ("Prefer", "respond-async")),
    HalfSent("POST", "/predict", (("Content-Type", "application/json;charset=UTF-8"),)),
    HalfSent("POST", "/predict", (JSON, ("Content-Encoding", "gzip"))),
)

# What needs no body, or can be refused before it has come, and the status that says so.
ANSWERED = (
    *((case, 200) for case in both("GET", "/healthz")),
    *((case, 200) for case in both("GET", "/readyz")),
    *((case, 200) for case in both("GET", "/list-db-contents?limit=1")),
    *((case, 404) for case in both("GET", "/jobs/none")),
    *((case, 404) for case in both("DELETE", "/jobs/none")),
    *((case, 404) for case in both("POST", "/nowhere")),
    *((case, 405) for case in both("PUT", "/predict")),
    *((case, 405) for case in both("POST", "/healthz")),
    (HalfSent("POST", "/predict", (("Content-Type", "text/plain"),)), 415),
    (HalfSent("POST", "/predict", (JSON, ("Content-Encoding", "br"))), 415),
    (HalfSent("POST", "/update", (("Content-Type", "text/plain"),), chunked=True), 415),
    (HalfSent("POST", "/predict", length=2**20 + 1), 413),
    (HalfSent("POST", "/update", length=2**40), 413),
)

# The only two paths that no key is asked for.
OPEN = ("/healthz", "/readyz")
EVERYTHING = (*TAKEN, *(case for case, _ in ANSWERED))
GUARDED = tuple(case for case in EVERYTHING if case.path not in OPEN)
