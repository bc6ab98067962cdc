"""What stands in for the base of the Dockerfiles: the same Debian, with Python and pip."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from shared.errors import StartError
from tests.deployment.dockerfile import Dockerfile
from tests.images.buildah import Buildah
from tests.images.program import run_program

_PACKAGES = "python3,python3-pip,python3-venv,ca-certificates"
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
# Debian's own images keep no caches of packages either (docker-clean).
_SCRIPT = """
ln -s /usr/bin/python3 /usr/local/bin/python
echo 'Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";' > /etc/apt/apt.conf.d/docker-clean
rm -rf /var/cache/apt/archives/*.deb /var/lib/apt/lists/*
"""


def make_base(
    buildah: Buildah, dockerfile: Dockerfile, folder: Path, say: Callable[[str], None]
) -> str:
    """Make the image unless it is there, under the name that FROM has for it; its Python version.

    Raises:
        StartError: debootstrap failed, or that Debian has another Python.
    """
    # As Docker writes the short name of one of its own images out.
    image = f"docker.io/library/{dockerfile.base}"
    if not buildah.has(image):
        suite = re.sub(r".*-slim-", "", dockerfile.base)
        say(f"the base of {dockerfile.base} is made from Debian {suite}, once")
        root = folder / "base"
        shutil.rmtree(root, ignore_errors=True)
        try:
            packages = f"--include={_PACKAGES}"
            command = ["debootstrap", "--variant=minbase", packages, suite, str(root)]
            run_program(command, "debootstrap")
            run_program(["chroot", str(root), "sh", "-ec", _SCRIPT], "the base's own script")
            container = buildah.run("from", "scratch")
            buildah.run("add", "--quiet", container, str(root), "/")
            buildah.run("config", "--env", f"PATH={_PATH}", container)
            buildah.run("commit", "--quiet", "--format", "docker", "--rm", container, image)
        finally:
            shutil.rmtree(root, ignore_errors=True)
    with buildah.mounted(image) as root:
        said = run_program(["chroot", str(root), "python3", "--version"], "the base's Python")
    found = said.split()[-1]
    if not found.startswith(f"{dockerfile.python}."):
        raise StartError(f"that Debian has Python {found}, and {dockerfile.base} is another")
    return found
