"""The command line `queuecast`, a command a file."""
