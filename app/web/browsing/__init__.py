"""Lists of all that is stored, the workers, and comparisons."""
