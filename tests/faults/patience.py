"""How long anybody may wait, in seconds: what is promised, and nothing added to it."""

from __future__ import annotations

# The contract's limit for a refusal while a server is away.
REFUSED_WITHIN = 2.0
# A synchronous request waits SYNC_WAIT, and is a job then.
SYNC_WAIT = 4.0
# What a part that was asked to stop may take.
STOP_WITHIN = 25.0
# Every part is back: so soon everybody is served, and what was accepted has ended.
BACK_WITHIN = 60.0
