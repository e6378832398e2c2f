"""Journeys about what is read: page trees, databases, whole workspaces, large pages."""
