"""Access for programs and by links: keys, tokens, origins and portal links."""
