"""Plans: what runs after a purchase, from its first period to its end."""
