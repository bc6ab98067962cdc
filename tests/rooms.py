"""The rooms of the code and the arrows between them, as they are meant to be.

A room is a folder, or a file that stands by itself. `test_architecture.py` holds this against the
imports: there is no other arrow, none of these is missing, and none leads back.
"""

from __future__ import annotations

# What the files of a room import from other rooms of the same folder; `tops` wire the rooms
# together, and may import all of them.
TOPS = {
    "api.__main__", "api.app", "worker.__main__", "worker.app", "worker.serving",
    "local.__main__", "local.run",
}  # fmt: skip
API = {
    # How requests come in, and what serves them: neither knows the other.
    "api.server": {"api.cancelling", "api.http"},
    "api.routes": {"api.gateway", "api.http", "api.openapi", "api.page", "api.reloads"},
    "api.gateway": {
        "api.acceptance", "api.batches", "api.cancelling", "api.database_watch", "api.dispatch",
        "api.grouping",
        "api.http", "api.redis_watch", "api.reloads",
    },
    "api.dispatch": {"api.acceptance", "api.cancelling", "api.grouping", "api.redis_watch"},
    "api.database_watch": {"api.acceptance"},
    "api.redis_watch": {"api.grouping"},
    "api.reloads": {"api.grouping", "api.redis_watch"},
    "api.acceptance": set(),
    "api.batches": {"api.acceptance"},
    "api.grouping": set(),
    "api.http": set(),
    # What is said of the service, and the page that shows it: neither knows a server.
    "api.openapi": set(),
    "api.page": set(),
    "api.cancelling": set(),
    "api.health_check": set(),
}  # fmt: skip
WORKER = {
    # Nothing but the tops knows Celery.
    "worker.celery_parts": {"worker.orphans"},
    # The process that starts generations knows nothing of what they do.
    "worker.generations": set(),
    "worker.maintenance": {
        "worker.clearing", "worker.given_up", "worker.heartbeat", "worker.pieces",
        "worker.recovery", "worker.sweeper",
    },
    "worker.recovery": {"worker.regrouping", "worker.sweeper"},
    "worker.sweeper": {"worker.pieces", "worker.regrouping"},
    "worker.regrouping": set(),
    "worker.clearing": set(),
    "worker.given_up": set(),
    "worker.heartbeat": {"worker.generations", "worker.reload_requests", "worker.served_model"},
    "worker.reload_requests": {"worker.generations"},
    "worker.served_model": {"worker.model", "worker.model_state", "worker.scoring"},
    "worker.model_state": set(),
    "worker.child_memory": set(),
    "worker.orphans": set(),
    "worker.health_check": set(),
    "worker.groups": {
        "worker.labelling", "worker.regrouping", "worker.scoring", "worker.served_model",
        "worker.storing",
    },
    # What becomes of batches; it knows nothing of groups.
    "worker.pieces": {"worker.model", "worker.scoring", "worker.served_model"},
    "worker.storing": {"worker.labelling", "worker.model", "worker.scoring"},
    "worker.labelling": {"worker.model", "worker.scoring"},
    "worker.scoring": {"worker.model", "worker.orphans"},
    "worker.model": set(),
    # A command of its own.
    "worker.checking": {"worker.model", "worker.scoring"},
    # Another one.
    "worker.replay": {"worker.model", "worker.orphans", "worker.scoring", "worker.statistics"},
    "worker.statistics": set(),
}  # fmt: skip
SHARED = {
    "shared.dead_letters": {"shared.db", "shared.errors", "shared.logs", "shared.settings"},
    "shared.answers": {"shared.observation_id", "shared.queue.messages", "shared.shown"},
    # Redis and the database know nothing of each other; both know the messages.
    "shared.db": {
        "shared.answers", "shared.argument", "shared.data_folder", "shared.errors", "shared.logs",
        "shared.observation_id", "shared.queue.messages", "shared.queue.piece_message",
        "shared.setting_values", "shared.settings",
    },
    "shared.queue": {
        "shared.errors", "shared.queue.messages", "shared.queue.piece_message", "shared.settings",
    },
    "shared.queue.piece_message": {"shared.queue.messages"},
    "shared.queue.messages": {"shared.errors", "shared.observation_id"},
    "shared.settings": {
        "shared.address", "shared.errors", "shared.queue.messages", "shared.redis_url",
        "shared.setting_values", "shared.url_password",
    },
    "shared.redis_url": {"shared.url_password"},
    "shared.address": {"shared.errors"},
    "shared.data_folder": {"shared.errors"},
    "shared.observation_id": {"shared.errors"},
    "shared.request_shape": {
        "shared.errors", "shared.model_kind", "shared.observation_id", "shared.queue.messages",
    },
    "shared.strict_json": {"shared.errors", "shared.shown"},
    "shared.errors": set(),
    "shared.logs": set(),
    "shared.setting_values": {"shared.queue.messages", "shared.url_password"},
    "shared.url_password": set(),
    "shared.shown": set(),
    "shared.model_kind": set(),
    "shared.signal_event": set(),
    "shared.argument": set(),
    "shared.signal_names": set(),
    "shared.stop_limit": set(),
}  # fmt: skip
LOCAL = {
    "local.readiness": {"local.console", "local.stop_request", "local.supervisor"},
    "local.supervisor": {
        "local.console", "local.part", "local.stop_request", "local.supervised_part",
        "local.watchdog",
    },
    "local.supervised_part": {"local.console", "local.part", "local.restart_pause"},
    "local.given_servers": {"local.stop_request"},
    "local.postgres_server": {"local.part", "local.ports"},
    "local.redis_server": {"local.part", "local.ports"},
    "local.check": {"local.model_command"},
    "local.reload": {"local.console"},
    "local.replay": {"local.model_command"},
    "local.model_command": {"local.model_environment", "local.stop_request"},
    "local.console": set(),
    "local.example": set(),
    "local.data_folder_lock": set(),
    "local.greeting": set(),
    "local.model_environment": {
        "local.console", "local.model_requirements", "local.stop_request",
    },
    # A script as well, in a build that has nothing else of ours.
    "local.model_requirements": set(),
    "local.part": set(),
    "local.ports": set(),
    "local.restart_pause": set(),
    "local.stop_request": set(),
    "local.watchdog": set(),
}  # fmt: skip
ROOMS: dict[str, set[str]] = {**API, **WORKER, **SHARED, **LOCAL}


def room_of(module: str) -> str:
    """The room that a module is in."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        room = ".".join(parts[:length])
        if room in ROOMS or room in TOPS:
            return room
    # A file that the tables do not name yet stands by itself.
    return ".".join(parts[:2])
