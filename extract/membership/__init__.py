"""Which documents are members of which sources, and which columns of a database are left out."""
