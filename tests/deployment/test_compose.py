"""The compose file: order, exposure, what is kept."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from tests.deployment.files import COMPOSE, GATEWAY, WORKER, interpolations, service

LONG_RUNNING = ("postgres", "redis", "api", "worker")


def seconds(text: str) -> float:
    """A duration like 30s."""
    return float(text.removesuffix("s"))


def test_order() -> None:
    """The schema is there before a gateway or a worker starts, and the database before that."""
    assert service("migrate")["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("api", "worker"):
        assert service(name)["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "redis": {"condition": "service_healthy"},
        }


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_stays_up(name: str) -> None:
    """Each part is watched, comes back by itself, and is given the time to drain."""
    assert service(name)["restart"] == "unless-stopped"
    # Of its own image where it has one: the compose file must not replace that.
    own = {"api": GATEWAY, "worker": WORKER}.get(name)
    assert (own is None) == ("healthcheck" in service(name))
    assert own is None or own.health_check
    assert seconds(service(name)["stop_grace_period"]) >= 30
    assert service("migrate")["restart"] == "no"


def test_only_the_gateway_is_reached_from_outside() -> None:
    """One port is published, on loopback unless the user says otherwise; not by `HOST`, which
    conda sets to the machine that its compilers build for."""
    assert "HOST" not in interpolations()
    assert [n for n in COMPOSE["services"] if "ports" in service(n)] == ["api"]
    inside = service("api")["environment"]["PORT"]
    assert service("api")["ports"] == [f"${{PUBLISH_HOST:-127.0.0.1}}:${{PORT:-5000}}:{inside}"]
    assert not any("network_mode" in service(n) for n in COMPOSE["services"])


def test_password_comes_from_the_environment() -> None:
    """One variable holds PostgreSQL's password, the same on both ends, and no URL has it."""
    given = service("postgres")["environment"]["POSTGRES_PASSWORD"]
    assert given == "${POSTGRES_PASSWORD:-queuecast}"
    assert "POSTGRES_PASSWORD" in interpolations()
    for name in ("migrate", "api", "worker"):
        environment = service(name)["environment"]
        assert environment["PGPASSWORD"] == given
        database = "postgresql://queuecast@postgres:5432/queuecast"
        assert environment["DATABASE_URL"] == f"${{DATABASE_URL:-{database}}}"
        assert environment["REDIS_URL"] == "${REDIS_URL:-redis://redis:6379/0}"


def test_data_is_on_volumes() -> None:
    """What must outlive a container is on a named volume; the model is the user's, read-only."""
    mounted = {n: service(n)["volumes"] for n in ("postgres", "redis")}
    assert mounted == {
        "postgres": ["predictions:/var/lib/postgresql/data"],
        "redis": ["queue:/data"],
    }
    assert set(COMPOSE["volumes"]) == {"predictions", "queue"}
    (model,) = service("worker")["volumes"]
    assert model["read_only"]
    assert model["type"] == "bind"
    assert model["source"] == "${MODEL_DIR:-./artifacts}"
    assert model["target"] == "/app/artifacts"


def test_redis_keeps_what_waits(composed_redis: redis.Redis) -> None:
    """Started with the file's arguments, Redis appends to a file and evicts nothing."""
    settings: Any = composed_redis.config_get("*")
    assert settings["appendonly"] == "yes"
    assert settings["maxmemory-policy"] == "noeviction"
