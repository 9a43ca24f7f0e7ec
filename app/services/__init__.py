"""What the service decides; HTTP, pages and commands only call it."""
