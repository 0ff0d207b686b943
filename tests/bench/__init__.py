"""Speed, as ratios against the barest program that does the same: `python -m tests.bench`."""
