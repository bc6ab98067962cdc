"""Bugs in the gateway."""

from __future__ import annotations

from tests.mutants.mutant import Mutant, mutant

MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "unread-bodies-kept", "api/server/door.py",
        "            exchange.drop_body()\n", "            pass\n",
        "a gateway holds bodies that nobody reads", "end_to_end/test_memory",
    ),
    mutant(
        "empty-text-is-null", "api/http/row_formats.py",
        "    if text and _SPECIAL", "    if _SPECIAL",
        "a label that is an empty text comes back as none", "unit/test_row_formats",
    ),
    mutant(
        "queue-limit-off", "api/acceptance/admission.py",
        "            if self._waiting >= bound:\n", "            if False:\n",
        "the queue grows without a bound", "unit/test_admission",
    ),
    mutant(
        "queue-limit-one-too-many", "api/acceptance/admission.py",
        "self._waiting >= bound:", "self._waiting > bound:",
        "one job more than is promised", "unit/test_admission",
    ),
    mutant(
        "no-room-beyond-the-bound", "api/acceptance/admission.py",
        "bound = self._limit + max(1, self._limit // ROOM) if waited_for else self._limit",
        "bound = self._limit",
        "a backlog shuts out those who wait", "unit/test_admission",
    ),
    mutant(
        "endless-room-beyond-the-bound", "api/acceptance/admission.py",
        "if waited_for else self._limit\n", "if waited_for else self._limit\n        "
        "if waited_for:\n            return\n",
        "the tenth beyond the bound is never full", "unit/test_admission",
    ),
    mutant(
        "retry-too-soon", "api/acceptance/admission.py",
        "math.ceil(room / rate)", "math.ceil(room / rate / 10)",
        "clients come back ten times too soon", "unit/test_admission",
    ),
    mutant(
        "admission-forgets", "api/acceptance/admission.py",
        "            self._waiting += 1\n", "",
        "between two measurements any number is accepted", "unit/test_admission",
    ),
    mutant(
        "held-group-wakes-nobody", "api/grouping/batcher.py",
        "            self._timer = self._clock.call_at(self._clock.time() + delay, self._leave)\n",
        "            pass\n",
        "the last of a burst waits a second", "unit/test_batcher", "unit/test_batcher_orders",
    ),
    mutant(
        "group-one-too-large", "api/grouping/batcher.py",
        "len(requests) < self._size", "len(requests) <= self._size",
        "GROUP_SIZE is not kept", "unit/test_batcher",
    ),
    mutant(
        "group-bytes-off", "api/grouping/batcher.py",
        "            if requests and held > self._most_bytes:\n                break\n", "",
        "a group of large bodies fills Redis and a worker", "unit/test_batcher",
    ),
    mutant(
        "stalled-group-holds-for-ever", "api/grouping/batcher.py",
        "max(0.0, min(self._out.values()) + STALLED - now)", "STALLED",
        "a lost group holds back everybody", "unit/test_batcher", "unit/test_batcher_orders",
    ),
    mutant(
        "left-client-is-expected", "api/grouping/batcher.py",
        "coming = max(0, self._expected) if now < self._expected_until else 0",
        "coming = max(0, self._expected)",
        "after a burst one client alone is held for the others", "unit/test_batcher",
    ),
    mutant(
        "given-up-request-leaves", "api/grouping/batcher.py",
        "return self._open.pop(request_id, None) is not None",
        "return request_id in self._open",
        "a request is scored though its client was told 503", "unit/test_batcher",
    ),
    mutant(
        "commit-error-only-for-its-group", "api/acceptance/group_commit.py",
        "            if isinstance(error, UnavailableError):\n", "            if False:\n",
        "who comes behind a commit that times out waits as long once more",
        "unit/test_group_commit",
    ),
    mutant(
        "commit-larger-than-its-size", "api/acceptance/group_commit.py",
        "self._waiting[: self._size], self._waiting[self._size :]", "self._waiting, []",
        "one commit takes everybody", "unit/test_group_commit",
    ),
    mutant(
        "numberless-update-taken-for-applied", "api/acceptance/stored.py",
        "row is None or request.number is None or row.seq", "row is None or row.seq",
        "an update is answered 200 and labels nothing", "integration/test_outbox",
    ),
    mutant(
        "stored-answer-is-anybodys", "shared/db/predictions.py",
        "if self.request_id == request.request_id:", "if True:",
        "a duplicate is not told that it is one", "integration/test_outbox",
    ),
    mutant(
        "conversion-without-its-lock", "api/acceptance/outbox.py",
        "            predictions.wait_for_storing(connection)\n", "",
        "a request is stored and becomes a job as well", "integration/test_outbox",
    ),
    mutant(
        "what-was-told-undone-is-done", "api/acceptance/database_threads.py",
        "unknown = not call.work.cancel() and call.commits", "unknown = False",
        "a request is refused and stored all the same", "integration/test_database_threads",
    ),
    mutant(
        "any-scheme-is-bearer", "api/http/api_keys.py",
        'scheme.lower() == b"bearer" and any(matches)', "any(matches)",
        "a key is taken in another scheme", "unit/test_api_keys",
    ),
    mutant(
        "only-the-first-key", "api/http/api_keys.py",
        "for key in self._keys]\n        return", "for key in self._keys[:1]]\n        return",
        "a second key lets nobody in", "unit/test_api_keys",
    ),
    mutant(
        "wait-not-clamped", "api/http/preferences.py",
        "return min(float(self.wait), ceiling)", "return float(self.wait)",
        "a client holds a request for as long as it likes", "unit/test_preferences",
    ),
    mutant(
        "second-wait-counts", "api/http/preferences.py",
        'name == "wait" and wait is None and value', 'name == "wait" and value',
        "not the first preference counts", "unit/test_preferences",
    ),
    mutant(
        "large-bodies-take-all", "api/http/byte_budget.py",
        "_LARGE_MAY_USE = 0.75", "_LARGE_MAY_USE = 1.0",
        "a few large bodies shut the others out", "unit/test_byte_budget",
    ),
    mutant(
        "bytes-never-given-back", "api/http/byte_budget.py",
        "        self._budget.held -= self.size\n", "",
        "after a while every body is refused", "unit/test_byte_budget",
    ),
    mutant(
        "half-closed-is-hung-up-on", "api/server/connection.py",
        "        return is_served\n", "        return False\n",
        "who closes its half behind a request gets no answer", "end_to_end/test_half_closed",
    ),
    mutant(
        "half-a-request-waits", "api/server/connection.py",
        "        elif self.cycle.more_body:\n            self._refuse(*CUT_OFF)\n",
        "        elif self.cycle.more_body:\n            pass\n",
        "half a request keeps its place until its time is up", "end_to_end/test_half_closed",
    ),
    mutant(
        "refused-before-its-turn", "api/server/connection.py",
        "            if self.pipeline:\n", "            if False:\n",
        "an answer goes to the request before", "end_to_end/test_refused_heads",
    ),
    mutant(
        "upgrade-loses-its-body", "api/server/connection.py",
        "        self.data_received(self._head.without_upgrade() + rest)\n",
        "        self.data_received(self._head.without_upgrade())\n",
        "a request that asks to upgrade waits for a body that has come",
        "end_to_end/test_heads_alone",
    ),
    mutant(
        "two-hosts-are-one", "api/http/heads.py",
        "hosts > 1 or (not hosts", "(not hosts",
        "a proxy and this gateway may take one request for another's",
        "end_to_end/test_refused_heads",
    ),
    mutant(
        "idle-for-ever", "api/server/connections.py",
        "            if since > before:\n", "            if since >= before - 1e9:\n",
        "idle connections are never closed", "unit/test_connections",
    ),
    mutant(
        "newcomers-push-out-clients", "api/server/connections.py",
        "crowd = self._new if len(self._new) > len(self._idle) else self._idle",
        "crowd = self._idle or self._new",
        "a flood pushes honest clients out", "unit/test_connections",
    ),
    mutant(
        "connections-one-too-many", "api/server/connections.py",
        "coming < self._most", "coming <= self._most",
        "GATEWAY_CONNECTIONS is not kept", "unit/test_connections",
    ),
    mutant(
        "accepted-one-at-a-time", "api/server/listener.py",
        "        self._loop.call_soon(self._accept_others)\n", "",
        "who comes behind 300 clients with large bodies waits for seconds for /healthz",
        "unit/test_listener",
    ),
    mutant(
        "accepted-without-end", "api/server/listener.py",
        "_AT_ONCE = 8\n", "_AT_ONCE = 1_000_000\n",
        "a flood of new connections keeps those waiting that are served", "unit/test_listener",
    ),
    mutant(
        "accepted-where-there-is-no-room", "api/server/listener.py",
        "len(self._arriving) + _UNTIL_READ", "0",
        "who comes with a flood is pushed out before anything of it is read",
        "unit/test_listener",
    ),
    mutant(
        "redis-failure-told-to-nobody", "api/redis_watch.py",
        "        self._pending.refuse_all(error)\n", "",
        "clients wait their whole time for a Redis that is gone", "faults/test_silence",
    ),
    mutant(
        "jobs-wait-for-redis-again", "api/dispatch.py",
        "            # The next group of jobs does not wait for it again.\n"
        "            self._redis_watch.failed(error)\n",
        "",
        "a promise takes two seconds", "faults/test_silence",
    ),
    mutant(
        "passed-over-update-forgotten", "api/dispatch.py",
        "        left = self._passed_over(reply)\n", "        left: list[Request] = []\n",
        "beside an older worker updates become jobs only when their time is up",
        "end_to_end/test_neighbours::test_nobody_waits_in_vain",
    ),
    mutant(
        "number-given-to-who-left", "api/dispatch.py",
        "            if self._pending.note_number(request.request_id, number)\n",
        "            if self._pending.note_number(request.request_id, number) or True\n",
        "an update whose client was answered is applied under another number",
        "integration/test_dispatch",
    ),
    mutant(
        "ready-without-the-database", "api/routes/health.py",
        "return READY if trouble is None else str(trouble)", "return READY",
        "a load balancer sends requests that are refused",
        "end_to_end/test_readiness::test_the_database_is_stopped",
    ),
    mutant(
        "ready-without-a-worker", "api/routes/health.py",
        '    return "no worker with a loaded model answers"', "    return READY",
        "ready, and nobody answers", "end_to_end/test_gateway",
    ),
    mutant(
        "page-beyond-the-bound", "api/server/door.py",
        "not (route and route.beyond_the_bound)", "not (route and route.open_to_all)",
        "whoever asks for the page takes the connections that health needs",
        "end_to_end/test_connections",
    ),
    mutant(
        "document-of-another-prefix", "api/routes/openapi.py",
        "latest[0] != about", "latest[0][0] != about[0]",
        "behind one proxy the page asks where only another proxy leads",
        "end_to_end/test_openapi::test_the_model_is_in_it",
    ),
    mutant(
        "schema-without-nulls", "api/openapi/columns.py",
        '{"type": ["number", "null"], "minimum"', '{"type": "number", "minimum"',
        "a client that is checked against the document sends no missing value",
        "unit/test_openapi",
    ),
    mutant(
        "schema-with-any-true-class", "api/openapi/true_classes.py",
        '{"enum": [str(label) for label in classes]}', "_TEXT",
        "the document lets true classes pass that are refused", "unit/test_openapi",
    ),
    mutant(
        "error-without-its-status", "api/openapi/responses.py",
        '("408", "413", "415", "422", "504")', '("408", "413", "415", "504")',
        "a client that is made from the document fails at a 422",
        "end_to_end/test_openapi::test_answers_are_as_it_says",
    ),
    mutant(
        "poll-not-clamped", "api/routes/jobs.py",
        "min(wait, gateway.settings.sync_wait_max)", "wait",
        "a poll is held beyond every proxy's patience", "end_to_end/test_jobs",
    ),
    mutant(
        "any-number-of-polls", "api/routes/jobs.py",
        "not job.status.final and held < gateway.settings.long_polls",
        "not job.status.final",
        "LONG_POLLS is ignored", "end_to_end/test_jobs",
    ),
    mutant(
        "cancelling-wakes-no-update", "api/routes/jobs.py",
        "        gateway.republish(waiting)\n", "",
        "an update waits for a prediction that was cancelled",
        "end_to_end/test_jobs::test_cancelling_sends_what_waited_for_it",
    ),
)  # fmt: skip
