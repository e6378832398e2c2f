"""The data of a world: records, indexes, ids, times, rich text, and which grant can see what."""
