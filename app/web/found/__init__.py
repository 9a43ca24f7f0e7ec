"""A search and what it found: plot, table, comparison, explanation."""
