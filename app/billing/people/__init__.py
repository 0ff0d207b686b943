"""People: their accounts, sign-ins and sessions, and what they belong to."""
