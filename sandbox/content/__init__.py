"""The bodies of pages: block JSON, and the simple markdown that a person types instead."""
