"""The notebooks, executed: `python -m tests.notebooks` writes their outputs anew."""
