"""All planted bugs."""

from __future__ import annotations

from tests.mutants import api, client, local, pieces, replay, shared, worker
from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    *api.MUTANTS, *shared.MUTANTS, *worker.MUTANTS, *local.MUTANTS, *client.MUTANTS,
    *replay.MUTANTS, *pieces.MUTANTS,
)  # fmt: skip
