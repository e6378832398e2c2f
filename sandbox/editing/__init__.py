"""The verbs: what a person can do to pages, databases and rows."""
