"""Bugs in the client."""

from __future__ import annotations

from tests.mutants.mutant import Mutant, mutant

MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "pack-in-place", "client/queuecast/packing/staging.py",
        "key=lambda path: path != stage / first", "key=lambda path: path == stage / first",
        "a mixture of two models is not called stale", "client/test_pack_whole",
    ),
    mutant(
        "pack-half-made", "client/queuecast/packing/staging.py",
        "        _unmake(made)\n", "",
        "an empty folder is left that looks like a model's", "client/test_pack_whole",
    ),
    mutant(
        "metric-that-is-none", "client/queuecast/packing/plain.py",
        "    if figure is None and value is not None:\n", "    if False:\n",
        "a metric of NaN is shown as missing", "client/test_pack_whole",
    ),
    mutant(
        "golden-rows-by-place", "client/queuecast/packing/coverage.py",
        "        return int(self._rows[gains.argmax()])\n",
        "        return int(self._rows[(gains > 0).argmax()])\n",
        "a null of most columns is never tried", "client/test_golden_rows",
    ),
    mutant(
        "refused-rows-silent", "client/queuecast/packing/packer.py",
        "    if seen[\"gaps\"]:\n", "    if False:\n",
        "nobody learns that the pipeline refuses a null", "client/test_golden_rows",
    ),
    mutant(
        "another-version-packed", "client/queuecast/packing/existing.py",
        "        if written:\n", "        if False:\n",
        "golden rows say what another version answers", "client/test_command_line",
    ),
    mutant(
        "command-fails-as-a-success", "client/queuecast/commands/main.py",
        "FAILED, MISUSED, INTERRUPTED = 1, 2, 130", "FAILED, MISUSED, INTERRUPTED = 0, 2, 130",
        "a script goes on with a model that was not packed", "client/test_command_line",
    ),
    mutant(
        "rows-begin-anew", "client/queuecast/service/export.py",
        "after=self._selection.after if self.records.last_id is None else self.records.last_id",
        "after=self._selection.after",
        "an export that went on has rows twice", "client/test_service",
    ),
    mutant(
        "line-end-in-quotes-ends-a-row", "client/queuecast/service/records.py",
        "            if number % 2 == 0:\n", "            if True:\n",
        "half a row is counted, and given", "client/test_records",
    ),
    mutant(
        "retry-after-ignored", "client/queuecast/service/retries.py",
        "        if retry_after is not None:\n", "        if False:\n",
        "a service that is full is asked again at once", "client/test_service",
    ),
)  # fmt: skip
