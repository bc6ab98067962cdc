"""Updates: racing the prediction that they are about, and brought again too late."""

from __future__ import annotations

from shared.observation_id import ObservationId
from shared.queue.messages import Kind, Lane, Request, new_request_id
from tests.faults.evidence import places, query
from tests.faults.message import group, message
from tests.faults.record import Ask, Record
from tests.faults.scenario import Scenario
from tests.faults.stage import Stage
from tests.system import wait_for

_AT_ONCE = 50


def race(stage: Stage) -> None:
    """Pairs of a prediction and an update, in random order.

    Four of five updates are sent as soon as their prediction is accepted, so they must be
    applied; the others leave together with it, and may come first.
    """
    pairs = stage.size.pairs
    for start in range(0, pairs, _AT_ONCE):
        predictions = [
            stage.predict(f"{stage.ids.name} pair {start + i}", respond_async=True)
            for i in range(min(_AT_ONCE, pairs - start))
        ]
        updates = [_label(stage, ask) for ask in predictions]
        together = len(predictions) // 5
        first = [*predictions, *updates[:together]]
        then = updates[together:]
        stage.random.shuffle(first)
        stage.random.shuffle(then)
        stage.send(first)
        stage.send(then)
    stage.recovered()
    raced = query(
        stage.system.database_url,
        "SELECT count(*) FROM job u JOIN job p USING (observation_id) WHERE u.seq > %s"
        " AND u.kind = 'update' AND p.kind = 'predict' AND u.submitted_at < p.finished_at",
        (stage.since.job,),
    )[0][0]
    assert raced, "no update was accepted before its prediction had ended"
    stage.shown.append(f"{raced} updates were accepted before their predictions had ended")


def _label(stage: Stage, prediction: Ask) -> Ask:
    wants_a_job = stage.random.random() < 0.5
    return stage.update(prediction.observation_id, stage.random.randint(0, 1), wants_a_job)


def bring_late(stage: Stage) -> None:
    """Two labels for a row, and then the message of the first once more.

    Of every other row the labels are jobs. Half of those first ones are put back into the ledger as
    well, as if whoever applied it had died before it could say so: only the label's own number is
    left to tell that it is old.
    """
    url = stage.system.database_url
    predicted = stage.send([stage.predict() for _ in range(stage.size.pairs // 5)])
    asks = [stage.update(r.ask.observation_id, 0, bool(n % 2)) for n, r in enumerate(predicted)]
    firsts = stage.send(asks)
    stage.recovered()
    late = [_again(url, record) for record in firsts]
    stage.send([stage.update(ask.observation_id, 1, not ask.respond_async) for ask in asks])
    stage.recovered()
    again = [request.request_id for request in late if request.accepted][::2]
    these = f"job_id IN ({places(again)})"
    query(url, f"UPDATE job SET status = 'queued', finished_at = NULL WHERE {these}", again)
    client = stage.servers.redis_client()
    queue = stage.system.queue(Lane.INTERACTIVE)
    try:
        for request in late:
            client.lpush(queue, message(Kind.UPDATE, Lane.INTERACTIVE, group(request)))
    finally:
        client.close()
    # Those that were put back end again; the lane is first in, first out, so then all are through.
    ended = f"SELECT count(*) FROM job WHERE {these} AND finished_at IS NOT NULL"
    wait_for(lambda: query(url, ended, again)[0][0] == len(again), 30, "late labels end")
    stage.shown.append(f"{len(late)} first labels came once more, {len(again)} of them as jobs")
    stage.recovered()


def _again(url: str, first: Record) -> Request:
    """The message of an update, which is the last one of its row."""
    ask = first.ask
    jobs = query(url, "SELECT job_id FROM job WHERE kind = 'update' AND observation_id = %s",
                 (ask.key,))  # fmt: skip
    request_id = jobs[0][0] if jobs else new_request_id()
    (number,) = query(
        url, "SELECT true_class_seq FROM prediction WHERE observation_id = %s", (ask.key,)
    )[0]
    found = ObservationId.parse(ask.observation_id)
    return Request(request_id, Kind.UPDATE, found, ask.body.decode(), bool(jobs), number)


RACING = Scenario("racing-updates", "updates that race their accepted predictions", race)
LATE = Scenario("late-labels", "two labels for a row, the first redelivered late", bring_late)
