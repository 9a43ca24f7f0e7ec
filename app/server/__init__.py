"""The server in front of the API: connections, before they are requests."""
