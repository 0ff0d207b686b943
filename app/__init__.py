"""Portico: the billing portal a SaaS puts in front of its customers."""
