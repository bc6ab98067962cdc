"""A first prediction before the first request: imports, caches and JITs are paid for here, and
children that are forked afterwards share the pages."""

from __future__ import annotations

import json
import logging
from typing import Any

import numpy as np

from worker.model.loading import Model
from worker.scoring.framing import Observation
from worker.scoring.scoring import score

log = logging.getLogger(__name__)


def warm_up(model: Model) -> None:
    """Score an observation of zeros and missing values; a model that refuses it is only noted."""
    observation: Observation = {name: _blank(model.dtypes.get(name)) for name in model.columns}
    fault = score([json.dumps({"id": 0, "observation": observation})], model)[0].error
    if fault is not None:
        log.info("the model could not be warmed up: %s", fault)


def _blank(dtype: Any) -> Any:
    """A value that a column of this dtype takes."""
    if isinstance(dtype, np.dtype) and dtype.kind in "iu":
        return 0
    if isinstance(dtype, np.dtype) and dtype.kind == "b":
        return False
    return None
