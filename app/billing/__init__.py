"""What happens: one package a subject, one noun a file, functions are verbs; no Flask."""
