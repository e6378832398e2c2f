"""How fresh the knowledge base is, and what that costs."""
