"""Processor time of texts made to be slow."""
