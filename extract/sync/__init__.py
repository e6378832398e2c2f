"""Carries out what is requested, for one connection at a time: lists, fetches, compares, writes."""
