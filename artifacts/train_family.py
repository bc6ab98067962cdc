"""The Titanic pipeline with a transformer of one's own: `python artifacts/train_family.py FOLDER`.

Writes a whole `MODEL_DIR`: the three files, and beside them the package that they need.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import category_encoders
from custom_transformers.family import FamilySize
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from train import HERE, classifier, training_frame, write


def main(folder: Path) -> None:
    """Fit and write to this folder."""
    observations, true_classes = training_frame()
    pipeline = make_pipeline(
        FamilySize(),
        category_encoders.OneHotEncoder(),
        SimpleImputer(strategy="mean"),
        classifier(),
    )
    pipeline.fit(observations, true_classes)
    folder.mkdir(parents=True, exist_ok=True)
    write(pipeline, observations, folder)
    package = "custom_transformers"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(HERE / package, folder / package, dirs_exist_ok=True, ignore=ignored)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
