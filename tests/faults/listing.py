"""Holds what clients are shown against what the database holds."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.evidence import Evidence
from tests.faults.problem import Problem, wrong
from tests.faults.stage import Stage

# Enough to see whether the two ever differ, without asking for ten thousand jobs one by one.
_MOST_JOBS = 100


def check_listing(stage: Stage, evidence: Evidence) -> Iterator[Problem]:
    """GET /list-db-contents shows the rows, and GET /jobs/… some of the jobs, as they are."""
    if not stage.system.gateways:
        return
    client = stage.system.client
    answer = client.get(f"/list-db-contents?after={stage.since.row}")
    if answer.status != 200:
        yield wrong(f"/list-db-contents answers {answer.status}")
        return
    shown = [(str(r["observation_id"]), r["proba"], r["true_class"]) for r in answer.json]
    if shown != [(row.key, row.proba, row.true_class) for row in evidence.rows]:
        yield wrong(f"/list-db-contents shows {len(shown)} other rows than the database holds")
    jobs = evidence.jobs
    for job in stage.random.sample(jobs, min(len(jobs), _MOST_JOBS)):
        found = client.get(f"/jobs/{job.job_id}")
        if found.status != 200 or found.json["status"] != job.status:
            yield wrong(f"/jobs/{job.job_id} answers {found.status}, and it {job.status}")
        elif job.status == "succeeded" and found.json["result"] != job.outcome:
            yield wrong(f"/jobs/{job.job_id} shows another result than the ledger")
