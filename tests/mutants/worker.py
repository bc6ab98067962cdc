"""Bugs in the worker."""

from __future__ import annotations

from tests.mutants.mutant import Mutant, mutant

MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "label-without-the-storing-lock", "worker/labelling.py",
        "    predictions.hold_storing(connection)\n", "",
        "an update is applied, and its job stays", "integration/test_outbox",
    ),
    mutant(
        "late-message-ignores-its-job", "worker/labelling.py",
        "    by_now = {job.request.request_id for job in locked}\n",
        "    by_now: set[str] = set()\n",
        "a cancelled update is applied", "integration/test_labelling",
    ),
    mutant(
        "updates-in-any-order", "worker/labelling.py",
        "key=lambda update: update.number)", "key=lambda update: update.request.request_id)",
        "an older label stands", "integration/test_labelling",
    ),
    mutant(
        "waiting-update-promised-to-nobody", "worker/labelling.py",
        "    jobs.accept(connection, waiting, Lane.INTERACTIVE, reply_to)\n", "",
        "an update that waits for its prediction is forgotten", "integration/test_labelling",
    ),
    mutant(
        "update-of-a-coming-row-denied", "worker/labelling.py",
        "        if is_coming:\n            return None\n", "",
        '"does not exist", of what was promised', "integration/test_labelling",
    ),
    mutant(
        "unused-keys-silent", "worker/labelling.py",
        "with_warnings(body, warnings)", "dict(body)",
        "a misspelt key goes unseen", "integration/test_labelling",
    ),
    mutant(
        "who-waited-is-forgotten", "worker/groups.py",
        "        self._send_behind(settled.behind)\n", "",
        "the second of two jobs of one id waits for a sweep", "end_to_end/test_jobs",
    ),
    mutant(
        "one-before-is-left-running", "worker/generations/worker_process.py",
        "            self._leaving.stop()\n", "",
        "after a reload two models answer for ever", "unit/test_worker_process",
    ),
    mutant(
        "signal-lost-at-the-fork", "worker/generations/generation.py",
        "signal.pthread_sigmask(signal.SIG_BLOCK, _OURS)",
        "signal.pthread_sigmask(signal.SIG_BLOCK, ())",
        "a stop in that moment takes twenty seconds", "unit/test_worker_process",
    ),
    mutant(
        "died-amid-a-reload-all-ends", "worker/generations/worker_process.py",
        "if self._coming is None and (", "if True or (",
        "a worker that dies amid a reload takes the next one along", "unit/test_worker_process",
    ),
    mutant(
        "process-reads-the-folder-of-now", "worker/scoring/trial.py",
        "        model = load(folder, files)\n        if",
        "        model = load(folder)\n        if",
        "a process that is replaced has another model, or none", "unit/test_model_files",
    ),
    mutant(
        "replaced-files-are-believed", "worker/scoring/trial.py",
        "            if not files.have_changed():\n                return",
        "            if True:\n                return",
        "some files of one model and some of another are served", "unit/test_model_files",
    ),
    mutant(
        "memory-bound-off", "worker/child_memory.py",
        "        if grown <= (2 * self._growth if self._replacing[0] else self._growth):\n",
        "        if True:\n",
        "a leaking pipeline takes all memory", "unit/test_child_memory",
    ),
    mutant(
        "all-replaced-at-once", "worker/child_memory.py",
        "2 * self._growth if self._replacing[0] else self._growth", "self._growth",
        "nobody answers while models are loaded", "unit/test_child_memory",
    ),
    mutant(
        "replaced-process-takes-its-task-along", "worker/celery_parts/pool.py",
        "            if self.must_hand_over():\n                self._end()\n", "",
        "a process that leaks is never replaced under load",
        "end_to_end/test_leaking_model::test_a_leak_is_bounded",
    ),
    mutant(
        "deferred-lane-starves", "worker/celery_parts/lane_order.py",
        "        order = due + [lane for lane in self._lanes if lane not in due]\n",
        "        order = list(self._lanes)\n",
        "a promise is never kept while others ask", "unit/test_lane_order",
    ),
    mutant(
        "deferred-lane-comes-first", "worker/celery_parts/lane_order.py",
        "(Share(16, 3, 0.5)", "(Share(1, 1, 0.5)",
        "a backlog slows who waits", "unit/test_lane_order",
    ),
    mutant(
        "groups-stay-large", "worker/regrouping.py",
        "    return _AFTER_ONE_TRY if tries == 1 else 1\n", "    return _AFTER_ONE_TRY\n",
        "a bad row takes its neighbours with it", "unit/test_regrouping",
    ),
    mutant(
        "kinds-travel-together", "worker/regrouping.py",
        'return (job.reply_to or "", job.request.kind, min(job.attempts, 2))',
        'return (job.reply_to or "", "", min(job.attempts, 2))',
        "updates are scored as predictions", "unit/test_regrouping",
    ),
    mutant(
        "dropped-rows-uncounted", "worker/model/alignment.py",
        "    if len(values) != rows:\n        raise _miscount(len(values), rows)\n", "",
        "another row's probability is answered", "unit/test_dropped_rows",
    ),
    mutant(
        "dropped-rows-unaligned", "worker/model/alignment.py",
        "            aligned[positions] = values\n",
        "            aligned[: len(values)] = values\n",
        "another row's probability is answered", "unit/test_dropped_rows",
    ),
    mutant(
        "index-made-anew-trusted", "worker/model/alignment.py",
        "    if len(index) < rows and index.max() == len(index) - 1:\n        return None\n", "",
        "another row's probability is answered", "unit/test_dropped_rows",
    ),
    mutant(
        "first-class", "worker/model/answering.py",
        "= given[:, place]\n", "= given[:, 0]\n",
        "the probability of the other class", "unit/test_scoring",
    ),
    mutant(
        "reversed-classes-by-place", "worker/model/kind_of_model.py",
        "positive = 0 if list(classes) == [1, 0] else 1", "positive = 1",
        "the probability of 0 where that of 1 is meant", "unit/test_class_order",
    ),
    mutant(
        "bad-row-takes-its-group", "worker/scoring/scoring.py",
        "            return [_fault(error)]\n        return _halved(observations, predict)\n",
        "            return [_fault(error)]\n        return [_fault(error)] * len(observations)\n",
        "a bad row takes its group with it", "unit/test_scoring",
    ),
    mutant(
        "exit-ends-its-process", "worker/scoring/scoring.py",
        "    except BaseException as error:\n", "    except Exception as error:\n",
        "a step that calls sys.exit takes a minute to fail, and its process each time",
        "unit/test_scoring",
    ),
    mutant(
        "no-probability-is-an-answer", "worker/model/answering.py",
        "        found[position] = unusable(found[position])\n", "        pass\n",
        "NaN is stored as a probability", "unit/test_dropped_rows",
    ),
    mutant(
        "infinity-is-an-answer", "worker/model/answers.py",
        "            if isinstance(number, float) and not math.isfinite(number):\n",
        "            if isinstance(number, float) and math.isnan(number):\n",
        "clients get JSON that is none", "unit/test_answering",
    ),
    mutant(
        "prediction-by-the-largest", "worker/model/answering.py",
        '"prediction": label,\n                        "probas"',
        '"prediction": self.classes[int(np.argmax(by_class))],\n                        "probas"',
        "a pipeline with a threshold of its own is not believed", "unit/test_answering",
    ),
    mutant(
        "probas-in-another-order", "worker/model/answering.py",
        '"probas": dict(zip(keys, by_class, strict=True))',
        '"probas": dict(zip(sorted(keys), by_class, strict=True))',
        "each class is given another's probability", "unit/test_answering",
    ),
    mutant(
        "scores-of-pairs", "worker/model/kind_of_model.py",
        "return classes > 2 and getattr(model, \"decision_function_shape\", None) == \"ovo\"",
        "return False",
        "a class is given the score of a pair of classes", "unit/test_answering",
    ),
    mutant(
        "positive-class-of-the-manifest-ignored", "worker/scoring/trial.py",
        "        answering = model.answering.with_positive_class(self.positive_class)\n",
        "        answering = model.answering\n",
        "proba is that of the other class", "integration/test_manifest",
    ),
    mutant(
        "labels-of-numbers-are-anything", "worker/scoring/true_class.py",
        "    if isinstance(value, bool) or not _number(value):\n        return False\n", "",
        "true is stored as what a regressor should have predicted", "unit/test_true_class",
    ),
    mutant(
        "true-class-of-another-kind", "worker/scoring/true_class.py",
        "_number(value) == all(map(_number, classes))", "True",
        "a word is stored as the class of a model of numbers", "unit/test_true_class",
    ),
    mutant(
        "one-is-not-one", "worker/scoring/true_class.py",
        "if str(known) == str(value) or", "if",
        '"1" is refused by a model of 0 and 1', "unit/test_true_class",
    ),
    mutant(
        "cure-names-too-little", "worker/model/cure.py",
        '    beside = _SETS.get(".".join(written.split(".")[:2]), ())\n', "    beside = ()\n",
        "what is advised does not start", "unit/test_model_environment",
    ),
    mutant(
        "attempts-trusted-too-soon", "worker/sweeper.py",
        "        self._attempts_are_certain = True\n\n    def doubt",
        "        pass\n\n    def doubt",
        "nothing is ever set aside", "integration/test_giving_up",
    ),
    mutant(
        "given-up-group-forgotten", "worker/given_up.py",
        "                self._groups.appendleft(group)\n", "",
        "a healthy job loses a try each time the database is slow", "integration/test_giving_up",
    ),
    mutant(
        "clearing-in-one-go", "worker/clearing.py",
        "_FEWEST, _MOST = 100, 2000", "_FEWEST, _MOST = 100000, 100000",
        "who writes waits for a deletion", "integration/test_clearing",
    ),
    mutant(
        "clearing-stops-after-one-turn", "worker/clearing.py",
        "                since = self._take_turn(since, emptied)\n",
        "                since = None\n",
        "jobs end faster than they are cleared", "integration/test_clearing",
    ),
    mutant(
        "heartbeat-of-a-model-that-fails", "worker/heartbeat.py",
        "        if answers:\n            if self._described_at", "        if True:\n"
        "            if self._described_at",
        "ready, and every answer is a 500", "end_to_end/test_failing_model",
    ),
    mutant(
        "golden-rows-not-looked-at", "worker/scoring/golden_rows.py",
        "        if not agree(row.answer, found.body, TOLERANCE):\n            raise",
        "        if False:\n            raise",
        "a model that answers differently is served", "unit/test_golden_rows",
    ),
    mutant(
        "golden-rows-only-alone", "worker/scoring/golden_rows.py",
        "for company in (rows, [rows[place] for place in order]):", "for company in ():",
        "answers depend on who else asks", "unit/test_golden_rows",
    ),
    mutant(
        "stale-manifest-believed", "worker/model/manifest.py",
        "        if others:\n", "        if False:\n",
        "a new model is judged by an old one's rows", "integration/test_manifest",
    ),
    mutant(
        "check-runs-what-it-lists", "worker/checking/pickle_imports.py",
        "        return _Anything\n", "        return super().find_class(module, name)\n",
        "a stranger's pickle runs before anybody could judge it", "unit/test_pickle_imports",
    ),
    mutant(
        "refused-is-fine", "worker/checking/__main__.py",
        'return REFUSED if "refused" in found else SERVES', "return SERVES",
        "a pipeline of checks deploys what cannot serve", "integration/test_checking",
    ),
    mutant(
        "week-dates-a-week-late", "worker/scoring/dtypes/iso_8601.py",
        "int(found[\"weekday\"] or 1)", "int(found[\"weekday\"] or 7)",
        "a week begins on its Sunday", "unit/test_framing",
    ),
    mutant(
        "offset-the-wrong-way-round", "worker/scoring/dtypes/times.py",
        "(time - found.offset)", "(time + found.offset)",
        "a time with an offset is hours away", "unit/test_framing",
    ),
    mutant(
        "seconds-taken-for-milliseconds", "worker/scoring/dtypes/times.py",
        "_LEAST = 10**11", "_LEAST = 10**9",
        "a client's seconds are a day of January 1970", "unit/test_framing",
    ),
    mutant(
        "unknown-text-silent", "worker/scoring/dtypes/texts.py",
        "(lambda value: _fault_of_known(value, known)) if known else _fault, read", "_fault, read",
        "a misspelt text is answered without a word", "unit/test_unknown_values",
    ),
    mutant(
        "warned-of-what-a-step-changes", "worker/model/known_categories.py",
        "        of_step = of_step and _keeps_values(step)\n", "",
        "a text that the model knows is called unknown", "unit/test_known_categories",
    ),
    mutant(
        "categories-in-the-order-of-their-text", "worker/scoring/dtypes/arrays.py",
        "enumerate(dtype.categories.tolist())", "enumerate(sorted(dtype.categories.tolist()))",
        "high is scored as low", "unit/test_frames_from_json",
    ),
    mutant(
        "labels-as-texts", "worker/scoring/framing.py",
        "zip(model.columns, model.labels or model.columns, strict=True)",
        "zip(model.columns, model.columns, strict=True)",
        "a step does not find its column 0", "unit/test_frames_from_json",
    ),
    mutant(
        "frame-for-a-vectorizer", "worker/model/loading.py",
        "is_dtype(found) or (len(columns) == 1 and begins_with_vectorizer(pipeline))",
        "is_dtype(found)",
        "the words of the column's name are scored", "unit/test_training_frame",
    ),
    mutant(
        "none-becomes-nan", "worker/scoring/framing.py",
        "None if name in none else math.nan", "math.nan",
        "a null of a database is an unknown category", "unit/test_known_categories",
    ),
    mutant(
        "list-of-imports-cut-silently", "worker/checking/listing.py",
        '        cut = cut or found.get("cut")\n', "",
        "a stranger's pickle looks harmless", "integration/test_listing_imports",
    ),
    mutant(
        "list-of-imports-without-bounds", "worker/checking/listing.py",
        "    limit_memory(mebibytes)\n", "",
        "a small file takes all memory", "integration/test_listing_imports",
    ),
    mutant(
        "other-versions-silent", "worker/model/trained_with.py",
        "    if not others:\n", "    if True:\n",
        "nobody is told that a library has changed", "integration/test_manifest",
    ),
)  # fmt: skip
