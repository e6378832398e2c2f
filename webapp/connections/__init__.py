"""Connecting a Notion workspace: OAuth, the list of connections, webhooks."""
