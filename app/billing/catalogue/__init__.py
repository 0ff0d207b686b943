"""The catalogue: what an app sells, and how its providers know it."""
