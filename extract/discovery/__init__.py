"""Finds out what changed in Notion: by polling, from webhook events, and from the bodies that were read."""
