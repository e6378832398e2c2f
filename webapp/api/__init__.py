"""The retrieval API for programs, its JSON objects and its keys."""
