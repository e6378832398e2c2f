"""What belongs to a source now: a page, a database, a tree, a workspace."""
