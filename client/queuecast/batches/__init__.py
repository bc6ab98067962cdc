"""Files of observations, or of labels: how they are read, sent and followed."""
