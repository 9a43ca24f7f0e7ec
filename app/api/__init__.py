"""HTTP: turns requests into calls of services, and their answers and refusals into responses."""
