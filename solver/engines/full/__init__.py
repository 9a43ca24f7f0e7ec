"""The full engine: CP-SAT solves every equation over all unknowns."""
