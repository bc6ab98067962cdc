"""How good probabilities are, judged by what really happened."""
