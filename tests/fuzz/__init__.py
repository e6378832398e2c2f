"""Random hostile requests and commands against the whole app: whatever comes, the answer is never a 500."""
