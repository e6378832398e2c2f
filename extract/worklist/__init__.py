"""What is wanted, when it is due, and how far it has come."""
