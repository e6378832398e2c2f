"""Notion's API over HTTP: a file for each group of endpoints, and what all of them share."""
