"""Stories made by chance, under a virtual clock: Notion's users, our people and fate act, and an oracle watches.

`steps` makes a story from a seed, `play` plays it on a `stage`, `oracle` knows what should be true, `quiet` waits until
nothing is left to do and compares, `shrink` makes a failing story short. `python -m tests.simulation` plays many.
"""
