"""Updates: racing the prediction that they are about, and brought again too late."""

from __future__ import annotations

from shared.observation_id import ObservationId
from shared.queue.messages import Kind, Lane, Request
from tests.faults.evidence import query, token
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

    For every other row the first is put back into the ledger as well, as if whoever applied it
    had died before it could say so: only the label's own number is left to tell that it is old.
    """
    url = stage.system.database_url
    predicted = stage.send([stage.predict() for _ in range(stage.size.pairs // 5)])
    firsts: list[Record] = []
    for label in (0, 1):
        asks = [stage.update(record.ask.observation_id, label) for record in predicted]
        updated = stage.send(asks)
        firsts = firsts or updated
        stage.recovered()
    numbers = {record.ask.number for record in firsts}
    jobs = query(url, "SELECT job_id, observation_id, body FROM job WHERE seq > %s"
                      " AND kind = 'update' ORDER BY seq", (stage.since.job,))  # fmt: skip
    late = [job for job in jobs if token(job[2]) in numbers]
    assert len(late) == len(predicted), (len(late), len(predicted))
    again = [job_id for job_id, _, _ in late[::2]]
    query(url, "UPDATE job SET status = 'queued', finished_at = NULL WHERE job_id = ANY(%s)",
          (again,))  # fmt: skip
    client = stage.servers.redis_client()
    queue = stage.system.queue(Lane.INTERACTIVE)
    try:
        for job_id, key, body in late:
            observation_id = ObservationId(key, is_text=True)
            request = Request(job_id, Kind.UPDATE, observation_id, body, accepted=True)
            client.lpush(queue, message(Kind.UPDATE, Lane.INTERACTIVE, group(request)))
    finally:
        client.close()
    # Those that were put back end again; the lane is first in, first out, so then all are through.
    ended = "SELECT count(*) FROM job WHERE job_id = ANY(%s) AND finished_at IS NOT NULL"
    wait_for(lambda: query(url, ended, (again,))[0][0] == len(again), 30, "late labels end")
    stage.shown.append(f"{len(again)} first labels came once more")
    stage.recovered()


RACING = Scenario("racing-updates", "updates that race their accepted predictions", race)
LATE = Scenario("late-labels", "two labels for a row, the first redelivered late", bring_late)
