"""Scores stored observations with a candidate model, which serves nobody and stores nothing."""
