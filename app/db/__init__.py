"""The database: engine, sessions, and the base every model builds on."""
