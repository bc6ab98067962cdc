"""A fitted pipeline and its training frame, made into the files that a service reads."""
