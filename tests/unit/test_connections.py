"""`api.server.connections`: who has to go when there are too many. On a clock of its own."""

from __future__ import annotations

from api.server.connections import Connections


class Peer:
    """A connection that remembers whether it was closed."""

    def __init__(self) -> None:
        self.gone = False

    def give_way(self) -> None:
        self.gone = True


class Bench:
    """A register of four connections, and its clock."""

    def __init__(self) -> None:
        self.time = 0.0
        self.register: Connections[Peer] = Connections(4, lambda: self.time)

    def new(self, count: int = 1) -> list[Peer]:
        peers = [Peer() for _ in range(count)]
        for peer in peers:
            self.register.opened(peer)
        return peers

    def idle(self, count: int = 1) -> list[Peer]:
        peers = self.new(count)
        for peer in peers:
            self.register.busy(peer)
            self.register.idle(peer)
        return peers

    def busy(self, count: int = 1) -> list[Peer]:
        peers = self.new(count)
        for peer in peers:
            self.register.busy(peer)
        return peers


def gone(peers: list[Peer]) -> list[bool]:
    return [peer.gone for peer in peers]


def test_a_flood_pushes_itself_out() -> None:
    """Connections that ask for nothing close each other, oldest first, and no one else's."""
    bench = Bench()
    [kept] = bench.idle()
    flood = bench.new(5)
    assert gone(flood) == [True, True, False, False, False]
    assert not kept.gone


def test_many_idle_ones_do_not_keep_new_ones_out() -> None:
    """The one that has been idle for longest goes, and not the client that has just come."""
    bench = Bench()
    idle = bench.idle(4)
    new = bench.new(2)
    assert gone(idle) == [True, True, False, False]
    assert gone(new) == [False, False]


def test_a_request_under_way_is_never_cut_off() -> None:
    """With all of them busy the new one is over the bound, which it is told."""
    bench = Bench()
    busy = bench.busy(4)
    [over] = bench.new()
    assert bench.register.is_over(over)
    bench.register.busy(over)
    bench.register.idle(over)
    assert bench.register.is_over(over)
    assert gone([*busy, over]) == [False] * 5


def test_who_sends_no_more_makes_room() -> None:
    """Such a client may have left. The first who did goes, when nobody is new or idle."""
    bench = Bench()
    busy = bench.busy(4)
    for peer in (busy[2], busy[1]):
        bench.register.ended(peer)
    for expected in ([False, False, True, False], [False, True, True, False]):
        [new] = bench.busy()
        assert gone(busy) == expected
        assert not bench.register.is_over(new)
    [over] = bench.new()
    assert bench.register.is_over(over)
    assert not busy[0].gone


def test_those_over_the_bound_are_bounded_too() -> None:
    """The oldest goes when there are too many of them."""
    bench = Bench()
    bench.busy(4)
    over = bench.new(Connections.MOST_OVER + 3)
    assert [peer.gone for peer in over[:4]] == [True, True, True, False]
    assert len(list(bench.register)) == 4 + Connections.MOST_OVER


def test_idle_for_too_long() -> None:
    """Only those are closed that asked for nothing since; being asked again starts anew."""
    bench = Bench()
    first, second = bench.idle(2)
    [busy] = bench.busy()
    bench.time = 5.0
    bench.register.busy(first)
    bench.register.idle(first)
    bench.time = 10.0
    bench.register.close_idle(10.0)
    assert gone([first, second, busy]) == [False, True, False]


def test_a_closed_one_makes_room() -> None:
    """Whatever it was doing."""
    bench = Bench()
    peers = [*bench.new(), *bench.idle(), *bench.busy(2)]
    for peer in peers:
        bench.register.closed(peer)
    assert list(bench.register) == []
    assert gone(bench.new(4)) == [False] * 4


def test_all_that_wait_for_a_head_are_closed_at_a_stop() -> None:
    """Those that ask for something are not."""
    bench = Bench()
    new, busy = bench.new(2), bench.busy(2)
    bench.register.close_new()
    assert gone([*new, *busy]) == [True, True, False, False]
