"""Pure decisions: what a listing or an event means, when something is due, how many requests work takes."""
