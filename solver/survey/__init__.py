"""How many originals of a grid have variants."""
