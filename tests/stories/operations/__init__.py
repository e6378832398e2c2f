"""Journeys about processes, outages, the brake and people who stop and resume."""
