"""The demo world: made once, shown to whoever runs it, put back as new."""
