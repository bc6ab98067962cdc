"""Bugs in `make run`."""

from __future__ import annotations

from tests.mutants.mutant import Mutant, mutant

MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "pause-never-grows", "local/restart_pause.py",
        "        self._next = min(LONGEST, 2 * pause)\n", "",
        "a part that dies at once is started without end", "unit/test_restart_pause",
    ),
    mutant(
        "pause-never-forgets", "local/restart_pause.py",
        "            self._next = SHORTEST\n        pause", "            pass\n        pause",
        "a part that ran for days stays down for half a minute", "unit/test_restart_pause",
    ),
    mutant(
        "refused-part-tried-again", "local/supervised_part.py",
        "                if code == REFUSED:\n                    raise PartRefusedError\n", "",
        "a bad setting is tried for ever", "unit/test_supervised_part",
    ),
    mutant(
        "children-of-the-dead-stay", "local/supervised_part.py",
        "                self.part.kill()\n                if code", "                if code",
        "children of a dead worker keep its memory", "unit/test_supervised_part",
    ),
    mutant(
        "two-on-one-folder", "local/data_folder_lock.py",
        "fcntl.LOCK_EX | fcntl.LOCK_NB", "fcntl.LOCK_SH | fcntl.LOCK_NB",
        "two Redis servers ruin one file", "unit/test_data_folder_lock",
    ),
    mutant(
        "second-signal-stops-short", "local/stop_request.py",
        "(signal.SIGINT, signal.SIGTERM, signal.SIGHUP):", "(signal.SIGINT, signal.SIGTERM):",
        "a closed terminal leaves everything running", "unit/test_stop_request",
    ),
    mutant(
        "models-libraries-pinned", "local/model_requirements.py",
        'if "==" in line and line.split("==")[0].strip().lower() not in _OF_THE_MODEL',
        'if "==" in line',
        "a model's own versions cannot be installed", "unit/test_model_environment",
    ),
    mutant(
        "not-ready-is-ready", "local/readiness.py",
        '        if states.pop("status") == "ready":\n', '        if states.pop("status"):\n',
        "it greets before it can answer", "unit/test_readiness",
    ),
)  # fmt: skip
