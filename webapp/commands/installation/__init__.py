"""Commands about the installation itself: its database, its encryption keys, its health and its version."""
