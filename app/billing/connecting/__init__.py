"""Connecting: an app's accounts at Stripe and Mollie, in test and in live mode."""
