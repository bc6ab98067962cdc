"""Says before a model is deployed whether it will serve."""
