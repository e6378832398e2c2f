"""Reads both markdown formats, and blocks of the block API, into one block tree."""
