"""Steps of one's own, for the pipeline of the notebooks."""
