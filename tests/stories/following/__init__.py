"""Journeys about following Notion: edits, events, links and the request budget."""
