"""The purchase: a checkout begun once, opened at its provider once, and shown to its payer."""
