"""The configuration: its schema, and the code that reads it."""
