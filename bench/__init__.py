"""Measurements of the product against the sandbox, over real HTTP, with real parts. `make bench`"""
