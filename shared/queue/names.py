"""The names on Redis that a deployment has for itself."""

from __future__ import annotations

from dataclasses import dataclass

from shared.queue.messages import Lane


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one deployment: the gateways and workers of one database. `namespace` is that
    database's own (`shared.db.deployment`), so that deployments which share a Redis never take
    each other's messages.

    Replies need none: they lie on a list of the one gateway process that waits for them.
    """

    namespace: str

    def queue(self, lane: Lane) -> str:
        """The list that a lane is."""
        return f"{lane}.{self.namespace}"

    @property
    def heartbeats(self) -> str:
        """One sorted set, each worker with the time until which it counts as alive: to look is one
        command, whatever else Redis holds."""
        return f"queuecast.heartbeats.{self.namespace}"

    def model(self, version: str) -> str:
        """What a model of this version is like, as JSON: the one member of a sorted set, so that a
        Redis user needs no command for it that is not needed anyway."""
        return f"queuecast.model.{version}.{self.namespace}"

    @property
    def reloads(self) -> str:
        """The requests to take up the model anew, with their times: a sorted set, for the same
        reason."""
        return f"queuecast.reloads.{self.namespace}"

    def reload(self, reload_id: str) -> str:
        """What the workers say of such a request."""
        return f"queuecast.reload.{reload_id}.{self.namespace}"
