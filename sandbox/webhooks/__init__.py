"""Webhooks as Notion sends them."""
