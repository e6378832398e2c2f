"""Writes a block tree as canonical text, and shows canonical text in a browser."""
