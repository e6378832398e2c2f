"""The verbs: what a person does to pages, databases and rows."""
