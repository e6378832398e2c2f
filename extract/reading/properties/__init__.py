"""Property values of pages: as text, as part of a digest, and what of them Notion left out."""
