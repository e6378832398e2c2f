"""Renders a page's blocks as Notion's markdown, in both of its formats."""
