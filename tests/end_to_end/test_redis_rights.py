"""A Redis user with exactly the rights that the README names, and with one less."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from local.ports import free_port
from local.redis_server import RedisServer
from shared.errors import REFUSED
from shared.queue.start_check import COMMANDS, KEYS
from shared.settings import CHECKOUT
from tests.end_to_end.make_run import refused
from tests.honest_client import HonestClient
from tests.system import INHERITED, System

PASSWORD = "few-rights"


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis with users of its own."""
    server = RedisServer(tmp_path_factory.mktemp("redis"), INHERITED)
    yield server
    server.part.kill()


@pytest.fixture(scope="module")
def administrator(own_redis: RedisServer) -> Iterator[Any]:
    """May do everything."""
    client = redis.Redis.from_url(own_redis.url, decode_responses=True)
    yield client
    client.close()


def documented() -> list[str]:
    """The rights as the README writes them."""
    text = (CHECKOUT / "README.md").read_text()
    found = re.search(r"^ACL SETUSER queuecast on >PASSWORD (.*)$", text, re.MULTILINE)
    assert found
    return found[1].split()


def new_url(administrator: Any, server: RedisServer, rights: list[str], number: int = 0) -> str:
    """The URL of a new user with these rights only."""
    name = "queuecast"
    administrator.execute_command("ACL", "DELUSER", name)
    administrator.execute_command("ACL", "SETUSER", name, "on", f">{PASSWORD}", *rights)
    return f"redis://{name}:{PASSWORD}@127.0.0.1:{server.port}/{number}"


def test_the_readme_has_what_the_start_checks() -> None:
    assert sorted(documented()) == sorted([f"~{KEYS}", *(f"+{command}" for command in COMMANDS)])


def test_everything_works_with_the_documented_rights(
    administrator: Any,
    own_redis: RedisServer,
    new_database_url: Callable[[str], str],
    tmp_path: Path,
) -> None:
    """From start to stop Redis refuses nothing, but what redis-py says of itself."""
    url = new_url(administrator, own_redis, documented())
    administrator.execute_command("ACL", "LOG", "RESET")
    system = System(new_database_url("postgres"), url, tmp_path)
    try:
        client = system.start().client
        HonestClient(client).is_served()
        promised = client.predict("promised", prefer="respond-async").json["job_id"]
        assert client.ended(promised)["status"] == "succeeded"
    finally:
        system.stop()
    entries: Any = administrator.acl_log()
    refusals = {(entry["reason"], entry["object"]) for entry in entries}
    assert {what for what in refusals if not what[1].startswith("client")} == set()


def start(module: str, url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A gateway or a worker that is expected to end at once."""
    environment = {**INHERITED, "REDIS_URL": url, "DATA_DIR": str(folder), "PORT": str(free_port())}
    return subprocess.run(
        [sys.executable, "-m", module], cwd=CHECKOUT, env=environment,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("missing", [*(f"+{command}" for command in COMMANDS), f"~{KEYS}"])
def test_what_is_missing_is_named(
    missing: str, administrator: Any, own_redis: RedisServer, tmp_path: Path
) -> None:
    rights = [right for right in documented() if right != missing]
    done = start("worker", new_url(administrator, own_redis, rights), tmp_path)
    assert done.returncode == REFUSED
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("queuecast: REDIS_URL: ")
    assert PASSWORD not in done.stderr
    named = f"keys {KEYS}" if missing.startswith("~") else missing[1:]
    assert re.search(rf"\b{re.escape(named)}(?!\w)", done.stderr), done.stderr
    others = [c for c in COMMANDS if c != missing[1:] and re.search(rf"\b{c}\b", done.stderr)]
    assert not others, done.stderr


def test_a_gateway_names_it_too(administrator: Any, own_redis: RedisServer, tmp_path: Path) -> None:
    url = new_url(administrator, own_redis, [r for r in documented() if r != "+blpop"])
    done = start("api", url, tmp_path)
    assert done.returncode == REFUSED
    assert "run blpop;" in done.stderr
    assert "run blpop;" in refused(tmp_path, REDIS_URL=url)


@pytest.mark.parametrize("rights", [[], ["+select"]], ids=["without select", "with select"])
def test_another_database_number_needs_select(
    rights: list[str], administrator: Any, own_redis: RedisServer, tmp_path: Path
) -> None:
    url = new_url(administrator, own_redis, [*documented(), *rights], number=99)
    done = start("worker", url, tmp_path)
    assert done.returncode == REFUSED
    named = "no database of this number" if rights else "select"
    assert named in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
