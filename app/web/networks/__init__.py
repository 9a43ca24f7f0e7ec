"""A network: drawn as a graph, counted by layer, to be downloaded."""
