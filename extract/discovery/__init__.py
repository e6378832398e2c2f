"""Learns that something changed in Notion: by polling, by events, by the bodies that were read."""
