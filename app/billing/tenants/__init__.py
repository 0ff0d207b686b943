"""Tenants: who pays, as their admins and the app's people look after them."""
