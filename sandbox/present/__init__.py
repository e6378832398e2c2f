"""Shows records as Notion's API does: objects, users, property values."""
