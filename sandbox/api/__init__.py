"""Notion's API over HTTP: one file for each group of endpoints, and what every request passes."""
