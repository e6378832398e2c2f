"""What every process shares: logs, Redis clients, beats, outages, private files."""
