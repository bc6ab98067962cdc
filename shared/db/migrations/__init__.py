"""The schema's history. `HEAD` is the newest revision, so that a process that starts on an
up-to-date database need not load the migration tool at all; a test holds it to the scripts."""

HEAD = "0010"
# Other programs keep their revision under Alembic's own name, in the same database perhaps.
VERSION_TABLE = "queuecast_version"
