"""Pure decisions: what a listing or an event means, when something is due, what work will cost."""
