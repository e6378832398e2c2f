"""Fetches pages: one markdown request each, and more for what Notion left out."""
