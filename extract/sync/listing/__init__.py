"""Listings: they find out what belongs to a source now, be it a page, a database, a tree or a workspace."""
