"""What is said when Redis does not do what it is asked: by what redis-py makes of its answers."""

from __future__ import annotations

from typing import Any

import pytest
from redis import ConnectionError, TimeoutError
from redis._parsers.base import BaseParser

from shared.queue.refusals import has_moved, reason

ANSWERS = {
    "READONLY You can't write against a read only replica.": "Redis is read-only (a replica)",
    "OOM command not allowed when used memory > 'maxmemory'.": "Redis is full",
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist on "
    "disk.": "Redis cannot save to its disk",
    "MISCONF Errors writing to the AOF file: No space left on device": (
        "Redis cannot save to its disk"
    ),
    "LOADING Redis is loading the dataset in memory": "Redis is loading its data",
    "NOREPLICAS Not enough good replicas to write.": "Redis has too few replicas to take writes",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.": (
        "Redis is a replica that has lost its master"
    ),
    "UNBLOCKED force unblock from blocking operation, instance state changed "
    "(master -> replica?)": "Redis is changing its role",
    "NOPERM User me has no permissions to run the 'blpop' command": (
        "Redis does not let its user do what is needed"
    ),
    "WRONGTYPE Operation against a key holding the wrong kind of value": (
        "Redis refuses what it is asked"
    ),
}

parse: Any = BaseParser.parse_error


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_error_of_redis_is_put_into_words(answer: str) -> None:
    error = parse(answer)
    assert reason(error) == ANSWERS[answer]


@pytest.mark.parametrize("answer", ["MISCONF Redis is configured to save", "OOM command not"])
def test_within_a_pipeline_too(answer: str) -> None:
    """redis-py puts the command before what Redis said."""
    error = parse(answer)
    said = reason(error)
    error.args = (f"Command # 4 (SET queuecast.probe 1) of pipeline caused error: {error}",)
    assert reason(error) == said != "Redis refuses what it is asked"


@pytest.mark.parametrize("error", [ConnectionError("refused"), TimeoutError("slow"), OSError(9)])
def test_silence(error: Exception) -> None:
    assert reason(error) == "Redis does not answer"


@pytest.mark.parametrize("answer", ANSWERS)
def test_only_what_is_a_replica_may_have_moved(answer: str) -> None:
    moved = answer.split(" ")[0] in ("READONLY", "MASTERDOWN")
    assert has_moved(parse(answer)) is moved
