"""People and their organisation: accounts, members, roles, settings."""
