"""Invoices and credit notes: issued, numbered, listed and exported."""
