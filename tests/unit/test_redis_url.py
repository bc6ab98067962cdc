"""`REDIS_URL`: what platforms and libraries write, what contradicts itself, what is no URL."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery
from redis import Redis

from shared.errors import SettingError
from shared.queue.broker import make_redis
from shared.queue.names import Names
from shared.settings import Settings
from worker.celery_parts.configuration import make_celery

# As their pages show them: the URL, the database number, and whether the certificate is verified
# (None: no TLS).
GIVEN: dict[str, tuple[str, int, bool | None]] = {
    "plain": ("redis://localhost", 0, None),
    "number": ("redis://localhost:6379/2", 2, None),
    "slash": ("redis://localhost:6379/", 0, None),
    "redis-py": ("redis://localhost:6379?db=2", 2, None),
    "redis-py, slash": ("redis://localhost:6379/?db=2", 2, None),
    "both alike": ("redis://localhost:6379/2?db=2", 2, None),
    "upper case": ("REDIS://localhost:6379/2", 2, None),
    "IPv6": ("redis://:secret@[::1]:6379?db=3", 3, None),
    "Heroku": ("rediss://:secret@ec2-1-2-3-4.compute-1.amazonaws.com:6380", 0, True),
    "Heroku with Celery": ("rediss://:secret@ec2.example:6380?ssl_cert_reqs=none", 0, False),
    "Celery": ("rediss://default:secret@h:6380/0?ssl_cert_reqs=CERT_NONE", 0, False),
    "Azure": ("rediss://:sec%2Fret%3D@x.redis.cache.windows.net:6380/0?ssl_cert_reqs=required", 0,
              True),
    "Upstash": ("rediss://default:secret@x.upstash.io:6379?ssl_cert_reqs=CERT_REQUIRED", 0, True),
    "optional": ("rediss://h:6380/1?ssl_cert_reqs=optional", 1, True),
}  # fmt: skip

BAD = [
    "unix:///var/run/redis.sock", "redis+sentinel://h/0", "redis://", "redis://h/zero", "redis://h/1/2",
    "redis://h?db=two", "redis://h?db=", "redis://h?db=-1", "redis://h?db=1&db=2", "redis://h/1?db=2",
    "redis://h?family=0", "redis://h?protocol=3", "redis://h?x", "redis://h/0#1",
    "redis://h?ssl_cert_reqs=none", "rediss://h?ssl_cert_reqs=", "rediss://h?ssl_cert_reqs=maybe",
    "rediss://h?ssl_ca_certs=/etc/ca.pem", "redis://h?timeout=1", "redis://h?db=²", "redis://h:port",
]  # fmt: skip


def read(url: str, **more: str) -> Settings:
    return Settings.from_environment({"REDIS_URL": url, **more})


@pytest.mark.parametrize(("url", "number", "verify"), GIVEN.values(), ids=GIVEN.keys())
def test_both_libraries_understand_the_same(url: str, number: int, verify: bool | None) -> None:
    """The gateway's redis-py and the worker's kombu reach the same database in the same way."""
    settings = read(url)
    client: Redis = make_redis(settings, 1.0)
    ours: Any = client.connection_pool.make_connection()
    app: Celery = make_celery(settings, Names("test"))
    with app.connection_for_read() as connection:
        told = connection.info()
    assert (int(ours.db), int(told["virtual_host"].strip("/") or 0)) == (number, number)
    assert told["hostname"] == ours.host
    assert (told["userid"], told["password"]) == (ours.username, ours.password)
    if verify is None:
        assert not hasattr(ours, "cert_reqs")
        assert not told["ssl"]
    else:
        assert settings.redis_tls_verify is verify
        assert ours.cert_reqs.name == ("CERT_REQUIRED" if verify else "CERT_NONE")
        assert told["ssl"]["ssl_cert_reqs"] is ours.cert_reqs
        assert ours.check_hostname is verify


@pytest.mark.parametrize("url", BAD)
def test_what_cannot_be_done_is_refused(url: str) -> None:
    with pytest.raises(SettingError, match=r"^REDIS_URL is .*, but must be redis://.*") as caught:
        read(url)
    assert "\n" not in str(caught.value)


def test_no_password_is_told() -> None:
    for url in (
        "rediss://:secret@h?family=0",
        "redis://h?password=secret",
        "redis://:secret@h?db=x",
    ):
        with pytest.raises(SettingError) as caught:
            read(url)
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("held", "asked"), [("yes", "none"), ("no", "required")])
def test_contradictions(held: str, asked: str) -> None:
    with pytest.raises(SettingError) as caught:
        read(f"rediss://:secret@h?ssl_cert_reqs={asked}", REDIS_TLS_VERIFY=held)
    assert str(caught.value) == (
        f"REDIS_TLS_VERIFY is {held!r}, but REDIS_URL says ssl_cert_reqs={asked}: leave one of "
        "them out"
    )


@pytest.mark.parametrize(("held", "asked"), [("no", "none"), ("yes", "required")])
def test_saying_it_twice(held: str, asked: str) -> None:
    found = read(f"rediss://h?ssl_cert_reqs={asked}", REDIS_TLS_VERIFY=held)
    assert found.redis_tls_verify is (held == "yes")
