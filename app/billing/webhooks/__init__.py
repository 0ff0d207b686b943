"""Webhooks: what the app's own programs are told, in order, until it is taken."""
