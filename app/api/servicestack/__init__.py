"""The manners of a ServiceStack host, which the articles API is spoken in: formats in and out."""
