"""Parquet files, sent by a client whose environment has pyarrow, as the service's has not: pandas
would take up another dtype for texts where it finds pyarrow."""

from __future__ import annotations

import json
import shutil
import subprocess
import venv
from pathlib import Path

from shared.settings import CHECKOUT
from tests.system import FIRST_PASSENGER, INHERITED, System

_WRITE = """
import json, sys
import pyarrow
from pyarrow import parquet
rows = json.loads(sys.argv[1])
parquet.write_table(pyarrow.Table.from_pylist(rows), sys.argv[2])
"""


def test_rows_of_parquet(on_postgres: System, tmp_path: Path) -> None:
    """Are answered as /predict answers them."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    # Where it is built, files are left.
    shutil.copytree(CHECKOUT / "client", tmp_path / "client")
    install = [python, "-m", "pip", "install", "--quiet", f"{tmp_path / 'client'}[parquet]"]
    subprocess.run(install, check=True)
    rows = [{"id": f"parquet {n}", **FIRST_PASSENGER, "Age": n / 3} for n in range(20)]
    path = str(tmp_path / "rows.parquet")
    subprocess.run([python, "-c", _WRITE, json.dumps(rows), path], check=True)
    try:
        system = on_postgres.start()
        url = f"http://127.0.0.1:{system.client.address[1]}"
        command = [python, "-m", "queuecast", "enqueue", path, "--wait", "--url", url]
        subprocess.run(command, env=INHERITED, cwd=tmp_path, check=True)
        results = Path(f"{path}.results.ndjson").read_text().splitlines()
        assert len(results) == len(rows)
        for row, result in zip(rows, map(json.loads, results), strict=True):
            observed = {name: value for name, value in row.items() if name != "id"}
            alone = system.client.predict(f"alone {row['id']}", observed).json
            assert (result["id"], result["proba"]) == (row["id"], alone["proba"])
    finally:
        on_postgres.stop()
