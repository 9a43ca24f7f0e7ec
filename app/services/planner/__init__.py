"""Plans studies: counts the variants of a grid's networks, draws some, and queues their runs."""
