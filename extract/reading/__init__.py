"""Pure reading: Notion's markdown and property values in, canonical text, passages and links out. No I/O."""
