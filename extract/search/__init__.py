"""The full-text index and the search in it."""
