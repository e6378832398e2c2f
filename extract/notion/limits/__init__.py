"""How many requests a workspace may send, how they are shared, and how much of the answers is held in memory."""
