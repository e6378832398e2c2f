"""The loop that watches: looks at the clock, polls Notion, wakes workers. It owns no content and does no sync.

Each tick: schedules that are due are marked -> connections that are due are polled -> connections with something
due are woken. A connection that fails is put off by itself; the loop goes on for the others. Any number of daemons
may run: each poll is claimed by a conditional update.
"""
