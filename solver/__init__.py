"""Equal-budget variants of convolutional networks, found with CP-SAT."""
