"""The configuration: its schema, and its one reader."""
