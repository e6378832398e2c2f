"""The `flask sources …` commands, and waiting for what a retrain does."""
