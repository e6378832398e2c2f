"""Inline markdown of both formats, read into flat styled runs."""
