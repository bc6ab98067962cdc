"""How long anybody may wait, in seconds."""

from __future__ import annotations

# The contract's limit for a refusal while a server is away.
REFUSED_WITHIN = 2.0
# A synchronous request waits SYNC_WAIT, and is a job then.
SYNC_WAIT = 4.0
# What a part that was asked to stop may take.
STOP_WITHIN = 25.0
# What a busy machine of two cores, which runs the clients as well, may add: less than what would
# make a refusal out of a whole SYNC_WAIT.
MARGIN = 1.9
