"""What may happen in a story: in Notion, on our side, and by accident."""
