"""What happens: one subject a file, functions are verbs; no Flask."""
