"""Carries out what is wanted, for one connection at a time: lists, fetches, compares, writes."""
