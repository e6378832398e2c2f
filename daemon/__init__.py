"""The daemon: requests what the clock makes due, processes webhook events, wakes workers and polls Notion.

It reads no pages; the workers do. A poll that fails delays its own connection only. Any number of daemons may run: a
conditional update claims each poll and each scheduled run.
"""
