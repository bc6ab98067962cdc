"""`make images`: build both images without a Docker engine, run them, and name their sizes."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.interruption import end_on_signals
from shared.errors import StartError
from shared.settings import CHECKOUT
from tests.deployment.files import GATEWAY, WORKER
from tests.images.base import make_base
from tests.images.buildah import Buildah, need_programs
from tests.images.check import check, size
from tests.images.container import Container
from tests.images.own_packages import PACKAGE, make_context
from tests.images.pip_settings import mounts

FOLDER = CHECKOUT / "var" / "images"
# In megabytes above the base.
LARGEST = {"gateway": 100, "worker": 450}
_FILES = {"gateway": "Dockerfile.api", "worker": "Dockerfile.worker"}
_READ = {"gateway": GATEWAY, "worker": WORKER}


def main() -> int:
    """Build and run them; 1 with one line when something is wrong, and 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.images", description=__doc__)
    parser.add_argument("--keep-base", action="store_true", help="for the next run")
    chosen = parser.parse_args()
    end_on_signals()
    try:
        need_programs()
        FOLDER.mkdir(parents=True, exist_ok=True)
        _run(FOLDER)
    except StartError as error:
        _say(f"failed: {error}")
        return 1
    except KeyboardInterrupt:
        _say("stopped")
        return 130
    finally:
        if not chosen.keep_base:
            shutil.rmtree(FOLDER, ignore_errors=True)
    return 0


def _run(folder: Path) -> None:
    buildah = Buildah(folder)
    python = make_base(buildah, GATEWAY, folder, _say)
    _say(f"the base is there, with Python {python}; the Dockerfiles name {GATEWAY.base}")
    volumes = mounts(folder)
    for name, file in _FILES.items():
        began = time.monotonic()
        buildah.build(CHECKOUT / file, f"queuecast-{name}", volumes)
        _say(f"queuecast-{name} is built from {file} in {time.monotonic() - began:.0f} s")
    with ExitStack() as mounted:
        base = mounted.enter_context(buildah.mounted(f"docker.io/library/{GATEWAY.base}"))
        roots = {
            name: mounted.enter_context(buildah.mounted(f"queuecast-{name}")) for name in _FILES
        }
        _check_sizes(base, roots)
        containers = {name: Container(root, _READ[name]) for name, root in roots.items()}
        check(containers, folder, _say)
        _check_own_packages(buildah, containers, volumes, mounted, folder)


def _check_own_packages(
    buildah: Buildah,
    containers: dict[str, Container],
    volumes: Sequence[str],
    mounted: ExitStack,
    folder: Path,
) -> None:
    """The worker's image for a model with a requirements.txt has that, and serves."""
    dockerfile = make_context(folder) / _FILES["worker"]
    buildah.build(dockerfile, "queuecast-own", volumes, ["MODEL=model"])
    own = Container(mounted.enter_context(buildah.mounted("queuecast-own")), WORKER)
    done = own.run(["python", "-c", f"import {PACKAGE}"], {})
    if done.returncode != 0:
        raise StartError(f"{PACKAGE} is not in the image of its model: {done.stderr[-500:]}")
    _say(f"an image for a model that asks for {PACKAGE} has it; the same once more with that one")
    check({**containers, "worker": own}, folder, _say)


def _check_sizes(base: Path, roots: dict[str, Path]) -> None:
    below = size(base)
    for name, root in roots.items():
        above = (size(root) - below) / 1e6
        _say(f"queuecast-{name:<8} {above:4.0f} MB above its base; at most {LARGEST[name]}")
        if above > LARGEST[name]:
            raise StartError(f"queuecast-{name} has {above:.0f} MB above its base")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
