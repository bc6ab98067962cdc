"""Files of observations, or of labels: how they are received."""
