"""What is requested, when it is due, and how far it has come: the states of documents and sources."""
