"""HTTP: turns requests into calls of services, and what they answer or refuse into responses."""
