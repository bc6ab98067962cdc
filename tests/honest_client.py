"""A client that expects to be served whatever others do."""

from __future__ import annotations

import itertools
import os

import pytest

from tests.system import FIRST_PASSENGER, FIRST_PROBA, Client, call

_numbers = itertools.count(1)


class HonestClient:
    """Each request on a new connection; `seconds` is how long an answer may take."""

    def __init__(self, client: Client, seconds: float = 10.0) -> None:
        self._client = client
        self._seconds = seconds

    def is_served(self) -> None:
        """Every kind of route answers, and answers rightly."""
        name = f"honest {os.getpid()} {next(_numbers)}"
        assert self.health() == 200
        said = self._client.post(
            "/predict", {"id": name, "observation": FIRST_PASSENGER}, timeout=self._seconds
        )
        assert (said.status, said.json) == (200, {"proba": pytest.approx(FIRST_PROBA, abs=1e-12)})
        label = {"id": name, "true_class": 1}
        for prefer in (None, "wait=10"):
            said = self._client.post("/update", label, prefer, timeout=self._seconds)
            assert (said.status, said.json.get("true_class")) == (200, 1), said
        row = said.json["id"]
        assert [r["observation_id"] for r in self._listed(row - 1)] == [name]

    def health(self) -> int:
        """The status of /healthz."""
        return call(self._client.address, "GET", "/healthz", timeout=self._seconds).status

    def _listed(self, after: int) -> list[dict[str, object]]:
        path = f"/list-db-contents?after={after}&limit=1"
        headers = self._client.headers
        said = call(self._client.address, "GET", path, headers=headers, timeout=self._seconds)
        assert said.status == 200, said
        found: list[dict[str, object]] = said.json
        return found
