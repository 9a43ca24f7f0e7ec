"""Networks in which some fields are unknown."""
