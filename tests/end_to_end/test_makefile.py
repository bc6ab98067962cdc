"""The Makefile's own virtual environment, whatever the developer's environment tells pip."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from shared.settings import CHECKOUT
from tests.system import INHERITED


def _wheel(folder: Path) -> Path:
    """A package with one module, `tiny`."""
    path = folder / "tiny-1.0-py3-none-any.whl"
    about = "tiny-1.0.dist-info"
    files = {
        "tiny.py": "HERE = True\n",
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{about}/RECORD,,"]
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
            digest = hashlib.sha256(text.encode()).digest()
            coded = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            rows.append(f"{name},sha256={coded},{len(text)}")
        wheel.writestr(f"{about}/RECORD", "\n".join(rows) + "\n")
    return path


def test_packages_go_into_the_virtual_environment(tmp_path: Path) -> None:
    """Each of these variables alone would have them put elsewhere, or refused."""
    variables = {"PIP_USER": "1", "PIP_TARGET": "elsewhere", "PIP_PREFIX": "elsewhere"}
    shutil.copy(CHECKOUT / "Makefile", tmp_path)
    wheel = _wheel(tmp_path)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "local.txt").write_text(
        f"tiny @ {wheel.as_uri()} --hash=sha256:{digest}\n"
    )
    done = subprocess.run(
        ["make", ".venv/.local", f"PYTHON={sys.executable}"],
        cwd=tmp_path, env={**INHERITED, **variables}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    tried = subprocess.run(
        [".venv/bin/python", "-c", "import tiny; print(tiny.HERE)"],
        cwd=tmp_path, env=INHERITED, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert tried.stdout == "True\n", tried.stderr
    assert not (tmp_path / "elsewhere").exists()
