"""The truth: what knocks is a reason to look at the provider, whose word is applied once."""
