"""What every request and response passes, whatever the route."""
