"""Our import beside other readers of Notion."""
