"""Enhanced markdown (v1), read line by line into a tree of blocks."""
