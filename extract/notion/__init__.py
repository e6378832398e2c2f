"""The only door to Notion: requests, budget, token refresh, error mapping, listings."""
