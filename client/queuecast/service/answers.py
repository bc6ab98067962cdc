"""What a service answers, as objects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Union

# As a service takes one; `0` and `"0"` are the same.
ObservationId = Union[int, str]


@dataclass(frozen=True)
class Prediction:
    """The answer to an observation. `proba` is a probability, and None where the model gives none;
    `prediction`, `probas` (by class) and `score` are None where its kind of model has none.

    `is_duplicate`: the observation was predicted before, and this is what was answered then; maybe
    by this client, when the answer to a first try was lost.
    """

    proba: float | None
    prediction: Any = None
    probas: dict[str, float] | None = None
    score: Any = None
    is_duplicate: bool = False
    warnings: tuple[str, ...] = ()

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Prediction:
        """Of a body that was answered with 200."""
        return cls(
            body.get("proba"), body.get("prediction"), body.get("probas"), body.get("score"),
            "error" in body, tuple(body.get("warnings", ())),
        )  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A row as a service stores it. `observation` is the request's body as it was sent; times are
    in UTC, and None, as the model's version and name are, where the service does not know them."""

    id: int
    observation_id: ObservationId
    observation: str
    proba: float | None
    true_class: Any
    predicted_at: datetime | None
    true_class_at: datetime | None
    model_version: str | None
    model_name: str | None = None
    prediction: Any = None
    probas: dict[str, float] | None = None
    score: Any = None

    @property
    def features(self) -> dict[str, Any]:
        """The values of the observation by column, as they were sent."""
        found = json.loads(self.observation)["observation"]
        return dict(found)

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Row:
        """Of a row in JSON."""
        return cls(
            body["id"], body["observation_id"], body["observation"], body["proba"],
            body["true_class"], moment(body["predicted_at"]), moment(body["true_class_at"]),
            body["model_version"], body.get("model_name"), body.get("prediction"),
            body.get("probas"), body.get("score"),
        )  # fmt: skip


@dataclass(frozen=True)
class Job:
    """A request that was promised. `status` is `queued`, `running`, `succeeded`, `failed` or
    `cancelled`; `result` is the body that a synchronous request would have got, and `error` why it
    failed. `kind` and the times are not known of a job that was just made."""

    job_id: str
    status: str
    kind: str | None = None
    submitted_at: datetime | None = None
    finished_at: datetime | None = None
    result: dict[str, Any] | None = None
    error: str | None = None
    status_code: int | None = None

    @property
    def has_ended(self) -> bool:
        """Whether its status stays."""
        return self.status in ("succeeded", "failed", "cancelled")

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Job:
        """Of a job in JSON, or of the answer that promises it."""
        return cls(
            body["job_id"], body.get("status", "queued"), body.get("kind"),
            moment(body.get("submitted_at")), moment(body.get("finished_at")), body.get("result"),
            body.get("error"), body.get("status_code"),
        )  # fmt: skip


@dataclass(frozen=True)
class Model:
    """The model that the workers serve. `workers` is how many serve it, and `versions` how many
    serve each version, by version, when they differ; `details` is all that the service says."""

    version: str
    kind: str | None
    name: str | None
    workers: int
    versions: dict[str, int]
    details: dict[str, Any]

    @classmethod
    def read(cls, body: dict[str, Any]) -> Model:
        """Of what `GET /model` answers."""
        versions = {each["version"]: each["workers"] for each in body["versions"]}
        return cls(
            body["version"], body.get("kind"), body.get("name"), body["workers"], versions, body
        )


@dataclass(frozen=True)
class Readiness:
    """Whether a service can answer, and in which state each of its parts is: `ready`, or what is
    wrong with it."""

    is_ready: bool
    parts: dict[str, str]

    @classmethod
    def read(cls, status: int, body: Mapping[str, Any]) -> Readiness:
        """Of what `GET /readyz` answers."""
        parts = {n: str(state) for n, state in body.items() if n not in ("status", "error")}
        return cls(status == 200, parts)


@dataclass(frozen=True)
class WorkerReload:
    """What became of a reload in one worker: `status` is `reloaded`, or says what else, and
    `version` is that of the model which it serves now; `reason` says why it is no other."""

    worker: str
    status: str
    version: str | None
    reason: str | None


@dataclass(frozen=True)
class Reload:
    """What became of a reload; `error` says so in one line when a worker did not take up the model,
    and `details` is all that the service says."""

    workers: tuple[WorkerReload, ...]
    error: str | None
    details: dict[str, Any]

    @classmethod
    def read(cls, body: dict[str, Any]) -> Reload:
        """Of what `POST /model/reload` answers when all workers are done."""
        workers = tuple(
            WorkerReload(each["worker"], each["status"], each["version"], each["reason"])
            for each in body["workers"]
        )
        return cls(workers, body.get("error"), body)


def moment(text: str | None) -> datetime | None:
    """A time as a service writes it."""
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00"))
