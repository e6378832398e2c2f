"""Notion-flavored Markdown (v2), read line by line into a tree of blocks."""
