"""The knowledge base: its list of sources, one source, one document, and what is done to them."""
