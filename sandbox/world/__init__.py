"""The world that tests and pages work with: handles to edit it, its file, and how its API behaves."""
