"""What HOST may hold: addresses and names of this machine, and what is said of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.make_run import refused, running


@pytest.mark.parametrize(
    ("host", "shown"),
    [("localhost", "127.0.0.1"), ("::1", "[::1]"), ("::", "[::1]")],
)
def test_hosts(tmp_path: Path, host: str, shown: str) -> None:
    """The greeting's URL and its command work."""
    with running(tmp_path / "data", tmp_path / "log", HOST=host) as run:
        assert f"ready on http://{shown}:{run.port};" in run.printed
        assert set(run.try_curl()) == {"proba"}
        assert ("open to the network" in run.printed) is (host == "::")


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("nowhere.invalid", "HOST=127.0.0.1"),
        ("203.0.113.1", "HOST=127.0.0.1"),
        ("a..b", "HOST=127.0.0.1"),
        ("x86_64-conda-linux-gnu", "conda sets HOST for its compilers; run `HOST=127.0.0.1 make"),
    ],
)
def test_no_address_of_this_machine(tmp_path: Path, host: str, words: str) -> None:
    """One line that names HOST, what it held, and what to do."""
    said = refused(tmp_path / "data", HOST=host)
    assert f"HOST is {host!r}, which is no address of this machine" in said and words in said
