"""The records of a practice world, how they are found and kept, and how the API behaves."""
