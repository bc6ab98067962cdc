"""Clients that do not read their answer: it waits in the database, not in the gateway."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import psutil
import psycopg2
import pytest

from local.part import Part
from local.postgres_server import PostgresServer
from tests.filled_table import fill
from tests.flood import Flood
from tests.gateway_memory import check_memory, memory
from tests.honest_client import HonestClient
from tests.rough_client import RoughClient, head
from tests.system import INHERITED, System, wait_for

ROWS = 200_000
# While answers wait to be read, in bytes.
MOST_MEMORY = 100 * 1024 * 1024
# In seconds, and what a busy machine may add.
SEND, MARGIN = 2.0, 10.0
# Of a client's kernel: small, so that what it does not read stays with the gateway.
BUFFER = 64 * 1024
LISTING = head("GET", "/list-db-contents", [("X-Request-Id", "slow-reader")])
SELECTED = head("GET", "/predictions?labelled=false&format=csv")
END = b"0\r\n\r\n"


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of its own, to be stopped."""
    server = PostgresServer(INHERITED)
    yield server
    server.remove()


@pytest.fixture(scope="module")
def filled(
    postgres: PostgresServer,
    new_redis_url: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[System]:
    """A system with many rows."""
    folder = tmp_path_factory.mktemp("filled")
    system = System(postgres.create_database("filled"), new_redis_url(), folder)
    try:
        system.start_gateway(SEND_TIMEOUT=f"{SEND:g}")
        fill(system.database_url, range(1, ROWS + 1))
        system.start_worker()
        system.wait_ready()
        yield system
    finally:
        system.stop()


def connected(part: Part) -> set[int]:
    """The ports of the clients that a gateway has a connection to."""
    connections = psutil.Process(part.process.pid).net_connections("tcp")
    return {c.raddr.port for c in connections if c.raddr}


@pytest.mark.parametrize("count", [1, 8])
def test_nothing_is_read(filled: System, count: int) -> None:
    """Listings of a hundred megabytes that nobody reads: memory stays, others are served, and
    after SEND_TIMEOUT the connections are broken off."""
    part, client = filled.gateways[0]
    held = [0]
    with Flood(client.address, count, LISTING, receive_buffer=BUFFER) as flood:
        ports = {reader.port for reader in flood.clients}
        HonestClient(client).is_served()

        def cut() -> bool:
            held.append(memory(part))
            return not ports & connected(part)

        wait_for(cut, SEND + MARGIN, "the connections are cut")
        assert max(held) < MOST_MEMORY, f"{max(held) >> 20} MiB"
        for reader in flood.clients:
            said = reader.rest()
            assert said.startswith(b"HTTP/1.1 200")
            assert not said.endswith(END)
    HonestClient(client).is_served()
    check_memory(part)


def test_a_slow_reader_gets_everything(filled: System) -> None:
    """Whoever takes a little at a time, for longer than SEND_TIMEOUT, is not cut off."""
    asked = head("GET", "/list-db-contents?limit=20000", [("Connection", "close")])
    with RoughClient(filled.client.address, asked, BUFFER) as reader:
        found = bytearray(reader.read(4096))
        for _ in range(8):
            # Nothing else is waited for: the pause is what is tried.
            assert not reader.closed_within(0.4)
            found += reader.read(200_000)
        found += reader.rest(30)
    assert found.endswith(END)
    body = b"".join(chunks(bytes(found)))
    assert len(json.loads(body)) == 20_000


def chunks(said: bytes) -> Iterator[bytes]:
    """The chunks of a chunked answer."""
    place = said.index(b"\r\n\r\n") + 4
    while size := int(said[place : said.index(b"\r\n", place)], 16):
        place = said.index(b"\r\n", place) + 2
        yield said[place : place + size]
        place += size + 2


def test_requests_whose_answers_nobody_reads(filled: System) -> None:
    """Requests sent one after the other on one connection, and no answer taken: the gateway stops
    to read them before their answers fill it."""
    part, client = filled.gateways[0]
    asked = head("GET", "/list-db-contents?limit=500") * 200_000
    with RoughClient(client.address, receive_buffer=BUFFER) as rough:
        held = [0]

        def cut() -> bool:
            rough.offer(asked)
            held.append(memory(part))
            return rough.port not in connected(part)

        wait_for(cut, SEND + MARGIN, "the connection is cut")
        assert max(held) < MOST_MEMORY, f"{max(held) >> 20} MiB"
    HonestClient(client).is_served()
    check_memory(part)


def test_everything_is_listed(filled: System) -> None:
    """All rows for whoever reads, and the gateway is as small as before."""
    part, client = filled.gateways[0]
    answer = client.get("/list-db-contents")
    assert answer.body.count(b'"observation_id"') >= ROWS
    assert answer.body.endswith(b"]\n")
    check_memory(part)


def test_a_client_that_leaves(filled: System) -> None:
    """In the middle of a listing: nothing of it stays, and no connection to the database."""
    part, client = filled.gateways[0]
    with Flood(client.address, 24, LISTING, receive_buffer=BUFFER) as flood:
        for reader in flood.clients:
            assert reader.read(1000)
    HonestClient(client).is_served()
    check_memory(part)


def test_the_database_goes_away(filled: System, postgres: PostgresServer) -> None:
    """In the middle of a listing: the connection is broken off, so that no client takes half of it
    for the whole; the log says so, with the request's id."""
    part, client = filled.gateways[0]
    with RoughClient(client.address, LISTING, BUFFER) as reader:
        found = reader.read(100_000)
        assert found.startswith(b"HTTP/1.1 200")
        postgres.stop()
        try:
            found += reader.rest(30)
        finally:
            postgres.start_again()
    assert not found.endswith(END)
    assert found.count(b'"observation_id"') < ROWS
    assert any("slow-reader" in line for line in filled.log().splitlines())
    filled.wait_ready()
    HonestClient(client).is_served()
    check_memory(part)


@pytest.mark.parametrize("asked", [LISTING, SELECTED], ids=["all", "selected"])
def test_a_table_that_goes_away(filled: System, asked: bytes) -> None:
    """Any other fault in the middle of a listing is seen in the same way."""
    part, client = filled.gateways[0]
    rename(filled.database_url, "prediction", "elsewhere")
    try:
        assert client.get("/list-db-contents").status in (500, 503)
    finally:
        rename(filled.database_url, "elsewhere", "prediction")
    with RoughClient(client.address, asked, BUFFER) as reader:
        found = reader.read(100_000)
        rename(filled.database_url, "prediction", "elsewhere")
        try:
            found += reader.rest(30)
        finally:
            rename(filled.database_url, "elsewhere", "prediction")
    assert not found.endswith(END)
    HonestClient(client).is_served()
    check_memory(part)


def rename(database_url: str, old: str, new: str) -> None:
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")
    finally:
        connection.close()
