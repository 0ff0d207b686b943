"""Apps: how one begins, what its owner sets, and what was done to it."""
