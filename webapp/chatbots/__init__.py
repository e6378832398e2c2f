"""Chatbots, their API keys, and the page that tries their search."""
