"""Bugs in what the gateway and the workers share: messages, settings, queries."""

from __future__ import annotations

from tests.mutants.mutant import Mutant, mutant

MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "stretch-without-rows-ends-the-listing", "shared/db/listing.py",
        "            if not found:\n                break\n",
        "            if not found:\n                return\n",
        "an export ends at the first ten thousand rows of another version",
        "integration/test_selected_rows",
    ),
    mutant(
        "claim-without-a-lock", "shared/db/job_claims.py",
        "taken.order_by(_c.seq).with_for_update()", "taken.order_by(_c.seq)",
        "two groups claim one job", "integration/test_jobs_table",
    ),
    mutant(
        "claim-under-anothers-lease", "shared/db/job_claims.py",
        "    free = or_(_c.status == Status.QUEUED, lost)\n",
        "    free = _c.status.in_((Status.QUEUED, Status.RUNNING))\n",
        "a job runs twice at once", "integration/test_jobs_table",
    ),
    mutant(
        "running-job-cancelled", "shared/db/jobs.py",
        "    if state != Status.QUEUED:\n",
        "    if state not in (Status.QUEUED, Status.RUNNING):\n",
        "a job is cancelled whose row is then written", "integration/test_jobs_table",
        "end_to_end/test_jobs",
    ),
    mutant(
        "replayed-waits-for-a-message", "shared/db/dead_jobs.py",
        "_OVERDUE = 60.0", "_OVERDUE = 0.0",
        "a replayed job lies still, though a worker is idle", "integration/test_jobs_table",
    ),
    mutant(
        "later-prediction-first", "shared/db/job_claims.py",
        "if seq < first.get(key, seq + 1)]", "]",
        "of two jobs of an observation the later wins when a worker is frozen",
        "integration/test_jobs_table",
    ),
    mutant(
        "last-try-in-company", "shared/db/job_claims.py",
        "        free &= _c.attempts < MOST_ATTEMPTS - 1\n", "        pass\n",
        "a job is set aside for what its neighbour did", "integration/test_jobs_table",
    ),
    mutant(
        "attempt-not-counted", "shared/db/job_claims.py",
        "attempts=case((mine, _c.attempts), else_=_c.attempts + 1)",
        "attempts=_c.attempts",
        "a row that kills its process is tried for ever", "integration/test_jobs_table",
    ),
    mutant(
        "claimed-twice-counts-twice", "shared/db/job_claims.py",
        "attempts=case((mine, _c.attempts), else_=_c.attempts + 1)",
        "attempts=_c.attempts + 1",
        "an unanswered commit costs a job a try", "integration/test_jobs_table",
    ),
    mutant(
        "given-back-by-strangers", "shared/db/job_claims.py",
        "counted = _c.claimed_by.contains(mark, autoescape=True) & (_c.attempts > 0)",
        "counted = _c.attempts > 0",
        "a row that kills its process is tried for ever", "integration/test_jobs_table",
    ),
    mutant(
        "ended-job-ends-again", "shared/db/jobs.py",
        "    WHERE job.job_id = ended.job_id AND job.status = ANY(%(unfinished)s::text[])\n",
        "    WHERE job.job_id = ended.job_id\n",
        "a cancelled job succeeds", "integration/test_jobs_table", "integration/test_labelling",
    ),
    mutant(
        "clock-set-back-leases", "shared/db/job_rows.py",
        "(over | is_to_come(connection, _c.started_at))", "over",
        "a dead process keeps its jobs until the clock is where it was",
        "integration/test_clock_set_back",
    ),
    mutant(
        "clock-set-back-messages", "shared/db/lost_jobs.py",
        "    overtaken |= is_to_come(connection, _c.published_at)\n", "",
        "a lost message is not missed until the clock is where it was",
        "integration/test_clock_set_back",
    ),
    mutant(
        "clock-set-back-sweeper", "shared/db/leases.py",
        "c.expires_at < now, set_back)", "c.expires_at < now)",
        "nobody sweeps until the clock is where it was", "integration/test_clock_set_back",
    ),
    mutant(
        "lease-can-be-stolen", "shared/db/leases.py",
        "mine = or_(c.holder == holder, c.expires_at < now, set_back)",
        "mine = c.holder != ''",
        "every worker sweeps", "integration/test_clock_set_back",
    ),
    mutant(
        "dead-letters-forgotten", "shared/db/lost_jobs.py",
        "worn = lease_ran_out(connection) & (_c.attempts >= MOST_ATTEMPTS)",
        "worn = lease_ran_out(connection) & (_c.attempts > MOST_ATTEMPTS)",
        "a job that killed three processes is running for ever", "integration/test_jobs_table",
    ),
    mutant(
        "retention-ten-times-as-long", "shared/db/ended_jobs.py",
        "        _c.finished_at < statement_start(connection, -retention),\n",
        "        _c.finished_at < statement_start(connection, -10 * retention),\n",
        "JOB_RETENTION is not kept", "integration/test_clearing",
    ),
    mutant(
        "cleared-job-unknown", "shared/db/ended_jobs.py",
        "        cleared_jobs.remember(connection, [job.job_id for job in found])\n", "",
        "404 for a job that was accepted", "integration/test_clearing",
    ),
    mutant(
        "cleared-jobs-mixed-up", "shared/db/cleared_jobs.py",
        "digest_size=_MARK_BYTES", "digest_size=1",
        "410 for a job that never was", "integration/test_clearing",
    ),
    mutant(
        "answer-not-stored-by-the-function", "shared/db/predictions.py",
        "if all(p.answer is None for p in predictions):", "if True:",
        "a duplicate is told less than the first", "integration/test_storing",
    ),
    mutant(
        "answer-not-stored-on-sqlite", "shared/db/predictions.py",
        '                "answer": p.answer,\n', "",
        "a duplicate is told less than the first", "integration/test_storing",
    ),
    mutant(
        "answers-without-weight", "shared/db/listing.py",
        "for texts in (rows.c.true_class, rows.c.answer):", "for texts in (rows.c.true_class,):",
        "pages of large answers fill the gateway's memory", "integration/test_listing_pages",
    ),
    mutant(
        "older-label-wins", "shared/db/labels.py",
        "if self.seq is not None and self.seq >= seq:", "if False:",
        "a redelivered label replaces a later one", "integration/test_labelling",
    ),
    mutant(
        "label-without-its-time", "shared/db/labels.py",
        "true_class_seq = label.seq, true_class_at = label.moment", "true_class_seq = label.seq",
        "nobody knows when a label came", "integration/test_labelling",
    ),
    mutant(
        "numbers-given-twice", "shared/db/job_numbers.py",
        "    return list(range(last - count + 1, last + 1))\n",
        "    return list(range(last - count, last))\n",
        "two labels have one number, and the later one is lost", "integration/test_outbox",
    ),
    mutant(
        "promise-under-another-number", "shared/db/jobs.py",
        '            "numbers": [r.number for r in requests],\n',
        '            "numbers": [None for r in requests],\n',
        "an update that waited overrides a later one", "integration/test_outbox",
    ),
    mutant(
        "sqlite-not-durable", "shared/db/dialects.py",
        "PRAGMA synchronous=FULL", "PRAGMA synchronous=OFF",
        "a power cut loses what was answered", "integration/test_write_turn",
        "integration/test_limits_of_the_server",
    ),
    mutant(
        "server-never-ends-a-statement", "shared/db/wait_limit.py",
        'f"SET LOCAL statement_timeout = {statement};"\n', 'f"SET LOCAL statement_timeout = 0;"\n',
        "abandoned queries pile up", "integration/test_limits_of_the_server",
    ),
    mutant(
        "idle-transaction-for-ever", "shared/db/wait_limit.py",
        "idle_in_transaction_session_timeout = {idle}", "idle_in_transaction_session_timeout = 0",
        "a host that is gone holds its rows", "integration/test_limits_of_the_server",
    ),
    mutant(
        "refused-connection-untranslated", "shared/db/engine.py",
        "            raise DBAPIError(message, None, error) from error\n        connection",
        "            raise\n        connection",
        "a trace instead of a 503", "integration/test_database_faults",
    ),
    mutant(
        "full-disk-is-away", "shared/db/faults.py",
        '    "53100": "the database\'s disk is full",\n', "",
        "nobody is told to make room", "integration/test_database_faults",
    ),
    mutant(
        "deadlock-not-tried-again", "shared/db/faults.py",
        'in {"40P01", "40001"}', "in {}",
        "a request fails for its neighbour's sake", "integration/test_database_faults",
        "integration/test_storing",
    ),
    mutant(
        "foreign-wire-version-read", "shared/queue/messages.py",
        "abs(version - WIRE_VERSION) > 1", "False",
        "a message that means something else is obeyed", "unit/test_messages",
    ),
    mutant(
        "tries-lost-on-the-way", "shared/queue/messages.py",
        '            "tries": self.tries,\n', '            "tries": 0,\n',
        "a row that kills its process is tried for ever", "unit/test_messages",
    ),
    mutant(
        "text-id-becomes-a-number", "shared/observation_id.py",
        "return self.key if self.is_text else int(self.key)",
        "return int(self.key) if self.key.isdigit() else self.key",
        '"007" comes back as 7', "unit/test_observation_id",
    ),
    mutant(
        "true-is-an-id", "shared/observation_id.py",
        "isinstance(value, int) and not isinstance(value, bool)", "isinstance(value, int)",
        "true is taken for 1", "unit/test_observation_id",
    ),
    mutant(
        "password-in-a-url-shown", "shared/logs.py",
        '_URL_PASSWORD.sub(r"\\1:***@", text)', "text",
        "a password in a log", "unit/test_logs",
    ),
    mutant(
        "secrets-shown", "shared/logs.py",
        '            text = text.replace(secret, "***")\n', "            pass\n",
        "an API key in a log", "unit/test_logs",
    ),
    mutant(
        "dyno-keeps-a-file", "shared/settings.py",
        ' and source.get(_DYNO):', " and False:",
        "predictions are lost with the dyno that kept them", "integration/test_release",
    ),
    mutant(
        "release-does-not-wait", "shared/db/first_answer.py",
        "if left <= 0:", "if True:",
        "a release fails since the database is a moment late", "integration/test_release",
    ),
)  # fmt: skip
