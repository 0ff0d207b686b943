"""Tax: which one a purchase bears, and what it comes to."""
