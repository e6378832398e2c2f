"""What operators and machines see: sync health, metrics, health endpoints."""
