"""`local.stop_request`: the signals that stop `make run`."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from local.stop_request import Stopped, StopRequest

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """The handlers of this process as they were."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_each_signal_stops(number: signal.Signals) -> None:
    """At the next pause and at every one after that, as often as it comes."""
    stop_request = StopRequest()
    stop_request.listen()
    stop_request.pause()
    for _ in range(2):
        signal.raise_signal(number)
        with pytest.raises(Stopped):
            stop_request.pause(60)
    with pytest.raises(Stopped):
        stop_request.pause()


def test_nohup() -> None:
    """Who had SIGHUP ignored wants this to go on without its terminal."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stop_request = StopRequest()
    stop_request.listen()
    signal.raise_signal(signal.SIGHUP)
    stop_request.pause()
