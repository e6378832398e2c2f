"""Where a story is played: databases, Redis, the sandbox, the wire and the processes."""
