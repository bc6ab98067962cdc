"""Bugs in a replay, and in the statistics that it reports."""

from __future__ import annotations

from tests.mutants.mutant import Mutant, mutant

MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "ties-broken-by-order", "worker/statistics/auc.py",
        "np.repeat(starts + (counts + 1) / 2, counts)", "np.arange(1, len(values) + 1)",
        "an AUC depends on the order of the rows", "unit/test_auc",
    ),
    mutant(
        "unpaired-auc-difference", "worker/statistics/auc.py",
        "_error(after[0] - before[0], after[1] - before[1])",
        "math.hypot(areas[0].error, areas[1].error)",
        "a drop on the same rows passes for an accident", "unit/test_auc",
    ),
    mutant(
        "unpaired-brier-change", "worker/statistics/calibration.py",
        "float(differences.std(ddof=1))",
        "float(_squared(first, positive).std(ddof=1))",
        "an interval that is far too wide", "unit/test_calibration",
    ),
    mutant(
        "certain-auc-has-an-interval", "worker/statistics/auc.py",
        "        if self.error == 0:\n            return None\n", "",
        "an AUC of 1 from twenty rows is called certain", "unit/test_auc",
    ),
    mutant(
        "few-labels-judged", "worker/replay/quality.py",
        "min(negative, positive) >= FEWEST", "min(negative, positive) >= 2",
        "an AUC of four rows", "unit/test_replay_findings",
    ),
    mutant(
        "refused-rows-judged-by-stored-answers-only", "worker/replay/quality.py",
        "    judged = replayed.answered & (replayed.labels >= 0)\n    positive",
        "    judged = replayed.labels >= 0\n    positive",
        "two models are compared on different rows", "unit/test_replay_findings",
    ),
    mutant(
        "threshold-decides-for-the-other-class", "worker/replay/changes.py",
        "stored >= threshold, candidate >= threshold",
        "stored > threshold, candidate > threshold",
        "decisions at the threshold are counted wrongly", "unit/test_replay_findings",
    ),
    mutant(
        "unjudged-condition-passes", "worker/replay/__main__.py",
        'if each["holds"] is None:', "if False:",
        "CI passes a model that was never judged", "integration/test_replay",
    ),
    mutant(
        "drop-is-a-rise", "worker/replay/quality.py",
        '"drop": -found.difference + 0.0', '"drop": found.difference',
        "--fail-if lets the worse model pass", "unit/test_replay_findings",
    ),
    mutant(
        "only-some-conditions-judged", "worker/replay/__main__.py",
        'any(each["holds"] for each in conditions)',
        'all(each["holds"] for each in conditions)',
        "one of two conditions holds, and CI passes", "integration/test_replay",
    ),
    mutant(
        "replay-may-write", "shared/db/dialects.py",
        "            if read_only:\n", "            if False:\n",
        "a model's code could reach a database that takes writes",
        "integration/test_stored_observations",
    ),
    mutant(
        "replay-writes-to-the-file", "shared/db/dialects.py",
        "?mode=ro", "?mode=rw",
        "a replay changes a file that it only reads", "integration/test_stored_observations",
    ),
    mutant(
        "large-row-ends-the-listing", "shared/db/stored_observations.py",
        "if last > after and weight > PAGE_BYTES:", "if weight > PAGE_BYTES:",
        "what comes after a large observation is not replayed",
        "integration/test_stored_observations",
    ),
    mutant(
        "newest-rows-are-the-oldest", "shared/db/stored_observations.py",
        "chosen.order_by(_c.id.desc())", "chosen.order_by(_c.id)",
        "--limit looks at what a former model said", "integration/test_stored_observations",
    ),
    mutant(
        "killer-row-takes-its-batch-along", "worker/replay/scoring_pool.py",
        "        if len(batch) == 1:\n", "        if True:\n",
        "rows are called refused that are answered", "integration/test_replay",
    ),
    mutant(
        "batches-in-order-of-arrival", "worker/replay/replayed.py",
        "        self._chunks.sort(key=lambda chunk: chunk[0])\n", "",
        "two runs tell different rows", "unit/test_replay_findings",
    ),
    mutant(
        "page-trusts-what-clients-sent", "worker/replay/page.py",
        '{escape(text)}</{tag}>', '{text}</{tag}>',
        "an id is HTML in the reader's browser", "unit/test_replay_report",
    ),
    mutant(
        "company-is-overlooked", "worker/scoring/trial.py",
        "row_by_row=self.row_by_row, answering", "answering",
        "a replay says what a worker would not", "integration/test_replay",
    ),
    mutant(
        "segment-edges-twice", "worker/replay/segments.py",
        "(numbers > low)", "(numbers >= low)",
        "rows count in two segments", "unit/test_replay_segments",
    ),
)  # fmt: skip
