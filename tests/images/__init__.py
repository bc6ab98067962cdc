"""`make images`: both images built from their Dockerfiles and run, without a Docker engine."""
