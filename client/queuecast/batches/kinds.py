"""What a file can hold."""

from __future__ import annotations

PREDICT, UPDATE = "predict", "update"
