"""Decides when missing content is removed: the brake, and databases that are gone."""
