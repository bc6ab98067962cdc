"""`queuecast pack`: a manifest for three files that exist already."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import click

from queuecast.packing.existing import pack_existing
from queuecast.packing.manifest import Said


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV file of the training data, for golden rows, ranges and histograms.",
)
@click.option("--target", metavar="COLUMN", help="Its column that the pipeline was fitted to.")
@click.option("--name", help="What the model is called.  [default: the folder's name]")
@click.option("--version", help="Its version.  [default: the beginning of the files' hash]")
@click.option(
    "--positive-class",
    metavar="CLASS",
    help="The class, of two, whose probability is `proba`.  [default: the second]",
)
@click.option(
    "--metric",
    "metrics",
    metavar="NAME=FIGURE",
    multiple=True,
    help="A figure of your own to be shown beside the model, such as auc=0.87; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Say what was written as JSON.")
def pack(
    folder: Path,
    data: Path | None,
    target: str | None,
    name: str | None,
    version: str | None,
    positive_class: str | None,
    metrics: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write manifest.json for the three files in FOLDER.

    The files stay as they are. Run it with the libraries that the model was trained with, since
    the golden rows are what the pipeline answers here. The pickles are read, which runs code: pack
    only what comes from somebody you trust.

    In a notebook or a script that trains, `queuecast.pack(…)` does this and writes the files too.
    """
    if target is not None and data is None:
        raise click.UsageError("--target is a column of --data, which is not given")
    figures = dict(_figure(metric) for metric in metrics)
    said = Said(name, version, figures)
    path = pack_existing(folder, said, positive_class, data, target)
    manifest = json.loads(path.read_text(encoding="utf-8"))
    click.echo(json.dumps(_summary(path, manifest)) if as_json else _told(path, manifest))


def _figure(metric: str) -> tuple[str, float]:
    name, _, value = metric.partition("=")
    try:
        figure = float(value)
    except ValueError:
        figure = math.nan
    if not name or not math.isfinite(figure):
        raise click.UsageError(f"--metric is {metric!r}, and must be NAME=FIGURE, such as auc=0.87")
    return name, figure


def _summary(path: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    kept = ("name", "version", "kind", "classes", "positive_class", "rows", "gaps")
    return {
        "manifest": str(path),
        **{key: manifest[key] for key in kept},
        "golden_rows": len(manifest["golden_rows"]),
    }


def _told(path: Path, manifest: dict[str, Any]) -> str:
    rows = len(manifest["golden_rows"])
    lines = [
        f"{path}",
        f"model      {manifest['name']}, version {manifest['version']}, {manifest['kind']}",
        f"columns    {', '.join(column['name'] for column in manifest['columns'])}",
        f"golden     {rows} rows that every worker will score again",
        *(f"note       {gap}" for gap in manifest["gaps"]),
    ]
    return "\n".join(lines)
