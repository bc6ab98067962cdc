"""Bugs in how pieces of batches are run."""

from __future__ import annotations

from tests.mutants.mutant import Mutant, mutant

_PREDICTIONS, _LABELS = "integration/pieces/test_predictions", "integration/pieces/test_labels"
_RECOVERY, _VERDICTS = "integration/pieces/test_recovery", "unit/test_piece_verdicts"

MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "a-key-that-is-there-twice-in-a-line", "worker/pieces/ndjson.py",
        '    return "[" not in line and _most_keys(line, keys) == keys\n\n\ndef _is_update',
        '    return "[" not in line and keys >= 0\n\n\ndef _is_update',
        "one of two values is dropped without a word", _VERDICTS,
    ),
    mutant(
        "giant-integers-are-fractions", "worker/pieces/columns.py",
        "_GIANT = 2.0**63\n", "_GIANT = 2.0**300\n",
        "a row is refused for a value that was not sent", _VERDICTS,
    ),
    mutant(
        "ids-beyond-64-bits", "worker/pieces/ids.py",
        "max(sent) <= LARGEST_INTEGER", "max(sent) <= 2 * LARGEST_INTEGER",
        "a batch takes an id that /predict refuses", _VERDICTS,
    ),
    mutant(
        "text-true-of-an-equal-number", "worker/pieces/columns.py",
        "several = len(kinds - {type(None)}) > 1", "several = False",
        "true is taken where 1 was", _VERDICTS,
    ),
    mutant(
        "quoted-words-are-null", "worker/pieces/csv_records.py",
        "{name: field or None for", '{name: None if field in ("", "NA") else field for',
        "a category named NA is lost", "unit/test_csv_records",
    ),
    mutant(
        "csv-numbers-stay-texts", "worker/pieces/predicting.py",
        "    return taken if type(taken) in (int, float, bool) else sent\n", "    return sent\n",
        "a row's observation has texts for numbers",
        f"{_PREDICTIONS}::test_a_csv_is_read_as_predict_reads_texts",
    ),
    mutant(
        "second-of-an-id-is-counted-as-new", "worker/pieces/predicting.py",
        "            self.repeated.add(place)\n", "",
        "counts say more rows than there are", f"{_PREDICTIONS}::test_ids_that_are_known",
    ),
    mutant(
        "rejects-of-the-gateway-are-forgotten", "shared/db/batch_pieces.py",
        "    rejects = sorted([*kept, *ended.rejects],", "    rejects = sorted([*ended.rejects],",
        "a line that was no UTF-8 vanishes",
        f"{_PREDICTIONS}::test_a_slow_model_does_not_hold_a_process",
    ),
    mutant(
        "batch-ends-while-it-still-comes", "shared/db/batch_pieces.py",
        "        & _b.upload_complete\n", "",
        "the rest of a file is refused",
        f"{_PREDICTIONS}::test_a_batch_that_still_comes_does_not_end",
    ),
    mutant(
        "last-try-of-a-piece-in-company", "worker/pieces/dividing.py",
        "return _AFTER.get(attempts, 1)", "return _AFTER.get(attempts, 32)",
        "a good row is set aside with its neighbour",
        f"{_PREDICTIONS}::test_a_piece_that_was_tried_is_divided",
    ),
    mutant(
        "bulk-before-who-waits", "shared/queue/piece_lane.py",
        "if any(commands.execute()):", "if not commands.execute():",
        "a request waits for a whole turn of bulk",
        f"{_PREDICTIONS}::test_a_turn_ends_when_anything_else_waits",
    ),
    mutant(
        "bulk-in-every-process", "worker/celery_parts/lane_order.py",
        "return lately and self._bulk", "return False and self._bulk",
        "interactive requests wait for bulk", "unit/test_lane_order",
    ),
    mutant(
        "slow-model-holds-its-process", "worker/pieces/pace.py",
        "* self.rows() <= HELD", "* self.rows() >= 0",
        "a request waits for a thousand slow rows", "unit/test_piece_pace",
    ),
    mutant(
        "ready-by-a-worker-of-bulk", "shared/queue/heartbeats.py",
        "found or tuple(Lane)", "tuple(Lane)",
        "/readyz is ready, and nobody answers", "unit/test_messages",
    ),
    mutant(
        "older-label-of-a-file-stands", "shared/db/piece_labels.py",
        "(true_class_seq IS NULL OR true_class_seq <= %(number)s)", "TRUE",
        "a label that was put right is wrong again",
        f"{_LABELS}::test_an_older_label_never_replaces_a_newer",
    ),
    mutant(
        "label-without-a-row-succeeds", "worker/pieces/labelling.py",
        "            rejects.append(_absent(labels.ids[row], place))\n", "            pass\n",
        "a label is lost without a word", f"{_LABELS}::test_labels_are_applied_and_counted",
    ),
    mutant(
        "label-does-not-wait", "worker/pieces/labelling.py",
        "        if key in waiting:\n", "        if key in ():\n",
        "a label of what was promised is refused",
        f"{_LABELS}::test_a_label_waits_for_a_prediction_that_is_accepted",
    ),
    mutant(
        "piece-stored-by-who-lost-it", "shared/db/batch_pieces.py",
        "    return status is not None and status != Status.CANCELLED\n", "    return True\n",
        "a cancelled batch makes rows",
        f"{_RECOVERY}::test_a_batch_that_is_cancelled_while_it_is_scored",
    ),
    mutant(
        "piece-tried-a-fourth-time", "shared/db/piece_claims.py",
        "lease_ran_out(connection) & (_p.attempts < MOST_ATTEMPTS)", "lease_ran_out(connection)",
        "a row that kills goes on killing", f"{_RECOVERY}::test_a_lost_process",
    ),
    mutant(
        "attempt-of-another-given-back", "shared/db/lost_pieces.py",
        "_p.claimed_by.contains(mark(claim_id), autoescape=True) & (_p.attempts > 0)",
        "_p.attempts > 0",
        "a row that kills is never set aside", f"{_RECOVERY}::test_an_attempt_is_given_back",
    ),
    mutant(
        "model-at-fault-rejects-the-rows", "worker/served_model.py",
        "            if fault is not None:\n                raise fault\n", "",
        "a whole file is rejected for a feature store that was away",
        f"{_RECOVERY}::test_a_model_that_answers_nothing_any_more",
    ),
    mutant(
        "lost-last-piece-leaves-its-batch", "worker/pieces/recovery.py",
        "            self._database.write(lambda c, seq=batch_seq: batch_pieces.end_batch(c, seq))",
        "            self._database.read(lambda c, seq=batch_seq: bool(batch_pieces))",
        "a batch never ends", f"{_RECOVERY}::test_a_batch_that_nobody_has_ended",
    ),
    mutant(
        "cleared-batch-was-never-there", "shared/db/ended_batches.py",
        "        cleared_jobs.remember(connection, [batch.batch_id])\n", "",
        "a batch that was cleared away seems never to have been",
        "integration/pieces/test_clearing",
    ),
)  # fmt: skip
