"""The index and its one writer, and the way from words to hits."""
