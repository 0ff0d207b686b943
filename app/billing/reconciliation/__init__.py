"""Reconciliation: all that is on record, looked at in time and held against the provider."""
