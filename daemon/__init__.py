"""The daemon: it checks the clock, polls Notion and wakes workers. It syncs nothing itself.

Each tick requests the syncs whose schedule is due, polls the connections that are due, and wakes the connections that
have work. A connection that fails is postponed; the others continue. Any number of daemons may run: each poll is
claimed by a conditional update.
"""
