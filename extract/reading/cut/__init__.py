"""Cuts canonical text into passages."""
