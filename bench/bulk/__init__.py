"""How many rows a second a file takes, from the command line to the last commit."""
