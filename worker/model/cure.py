"""What to do about a pipeline that was written with another version of scikit-learn.

A version alone is not enough: scikit-learn 1.3 beside today's NumPy and pandas is a traceback of
theirs. The sets below were installed with Python 3.11, and a worker on each of them has served the
shipped pipeline, fitted again with it (`make test-models` does so).
"""

from __future__ import annotations

import sys

_SETS = {
    "1.3": ("numpy<2", "pandas<2.2", "category_encoders<2.7"),
    "1.4": ("numpy<2", "pandas<2.3", "category_encoders<2.7"),
    "1.5": ("numpy<2.3", "pandas<3", "category_encoders<2.7"),
    "1.6": ("numpy<2.4", "pandas<3", "category_encoders<2.9"),
    "1.7": ("numpy<2.5", "pandas<3", "category_encoders<2.10"),
}


def requirements(written: str, needs_encoders: bool) -> list[str]:
    """The lines of a `requirements.txt` for a pipeline of this version of scikit-learn.
    `needs_encoders` says whether it has a step of category_encoders."""
    beside = _SETS.get(".".join(written.split(".")[:2]), ())
    wanted = [line for line in beside if needs_encoders or not line.startswith("category_")]
    return [f"scikit-learn=={written}", *wanted]


def cure(written: str) -> str:
    """What to do, in a part of a sentence; to be asked for when the pipeline has been read, as far
    as it could be."""
    lines = " ".join(requirements(written, "category_encoders" in sys.modules))
    return (
        f"put a requirements.txt beside the three files, a line for each of {lines}, and `make run`"
        " serves it with those; or train again"
    )
