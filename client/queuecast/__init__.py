"""Queuecast for those who use it: `queuecast.pack` writes what a service serves."""

from __future__ import annotations

from queuecast.errors import PackError, PackWarning, QueuecastError
from queuecast.packing.packer import pack

__all__ = ["PackError", "PackWarning", "QueuecastError", "pack"]
