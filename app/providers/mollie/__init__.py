"""Mollie: payments, mandates and subscriptions by Mollie's API, version 2."""
