"""Everything a world knows: its records, the indexes over them, ids, times, rich text and who may see what."""
