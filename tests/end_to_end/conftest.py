"""Systems to which tests add gateways of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.system import System


@pytest.fixture(scope="module")
def attacked(
    new_database_url: Callable[[str], str],
    new_redis_url: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[System]:
    """A worker and a gateway on PostgreSQL, shared by a module's tests. Every gateway that they
    add must stop cleanly too, whatever was done to it."""
    folder = tmp_path_factory.mktemp("attacked")
    system = System(new_database_url("postgres"), new_redis_url(), folder)
    try:
        yield system.start()
    finally:
        system.stop()
