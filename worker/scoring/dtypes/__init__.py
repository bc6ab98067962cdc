"""How the columns of each family of dtypes take values that a client sent. Pure."""
