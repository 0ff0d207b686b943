"""Orders: what is bought, by whom and for how much, whichever page or API asks."""
