"""Rows that do harm: ages that no passenger has, and what each does to the process that scores it
(poison_model/poison/trap.py)."""

from __future__ import annotations

AGES = {
    "exit": 66.001,
    "crash": 66.002,
    "hang": 66.003,
    "raise": 66.004,
    "memory": 66.005,
    "dawdle": 66.006,
    "leak": 66.007,
}
KILLERS = ("exit", "crash")
RAISERS = ("raise", "memory")
