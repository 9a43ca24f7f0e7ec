"""New searches: an architecture is chosen and edited, a question asked, and solved."""
